// Ops and programs, and their bytes.
//
// A record is four bytes, little-endian, so that deleting or splicing records deletes or splices
// ops:
//
//     bit 31 .................. 16 | 15 ......... 5 | 4 .. 0
//              size code           | slot, or number |  verb
//
// A record with verb 31 is wide. It lends its high bits to the next record: five for the slot,
// sixteen for a literal size, and six for the verb. Each of these counts 31 verbs more. Where there
// is no such verb, the record keeps its own.
#ifndef LANGUAGE_OP_H
#define LANGUAGE_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verb {
#define OP_DEF(id, name, operands, action, face, plainer, family, weight, sentence) VERB_##id,
#include "language/op.def"
#undef OP_DEF
    VERBS
};

/// Groups verbs by topic: the four calls and questions to any heap; the COM faces; misuse; thread
/// caches; spies; further ranges. These belong to every target of a heap that takes several ranges.
enum family {
    FAMILY_HEAP,
    FAMILY_COM,
    FAMILY_MISUSE,
    FAMILY_LANES,
    FAMILY_SPY,
    FAMILY_RANGES,
};

/// Names the kind of call that a verb makes. ACTION_EXTENSION: only an extension (laws/heap.h) can
/// make it. ACTION_OTHER: none; the verb changes the world, a block's bytes or the ops that follow.
enum action {
    ACTION_ALLOCATE,
    ACTION_FREE,
    ACTION_REALLOCATE,
    ACTION_SIZE,
    ACTION_OWNS,
    ACTION_MINIMIZE,
    ACTION_MISUSE,
    ACTION_EXTENSION,
    ACTION_OTHER,
};

/// Names the interface that a call goes through: the heap's own, or one of an extension.
enum face { FACE_HEAP, FACE_TASK, FACE_IMALLOC, FACES };

/// Names the thread cache that calls come from: the number of a VERB_LANE, modulo LANES. A program
/// begins on the first. A heap has these caches, and fewer where its arena is too small.
enum lane { LANE_NONE, LANE_FIRST, LANE_SECOND, LANE_LAST, LANES };

/// Counts the meanings that the number of a VERB_SPY has; beyond, they repeat.
#define SPY_NUMBERS 256U

/// Returns the alignment of a VERB_ALIGN with this number: 8 bytes to a MiB.
#define ALIGN_LEAST_BYTES ((size_t)8)
#define ALIGN_DOUBLINGS 18U
static inline size_t align_bytes(uint32_t number)
{
    return ALIGN_LEAST_BYTES << number % ALIGN_DOUBLINGS;
}

#define RECORD_BYTES 4U
#define SLOTS 65536U

/// One call. A field is 0 where the verb has no operand for it.
struct op {
    enum verb verb;
    uint16_t slot;      ///< Operand s, or n.
    uint32_t size_code; ///< Operand z; size.h gives it its meaning.
};

struct program {
    struct op *ops;
    size_t count;
    size_t capacity;
};

/// Return the columns of op.def.
const char *verb_name(enum verb verb);
const char *verb_operands(enum verb verb);
enum action verb_action(enum verb verb);
enum face verb_face(enum verb verb);
enum verb verb_plainer(enum verb verb);
enum family verb_family(enum verb verb);
unsigned verb_weight(enum verb verb);
const char *verb_sentence(enum verb verb);

/// Return whether the verb has such an operand, or such an action.
bool verb_takes_slot(enum verb verb);
bool verb_takes_size(enum verb verb);
bool verb_allocates(enum verb verb);
bool verb_reallocates(enum verb verb);
bool verb_frees(enum verb verb);

/// Adds an op. Ends the process with a sentence iff there is no memory.
void program_add(struct program *program, struct op op);

/// Makes a program a copy of another one.
void program_copy(struct program *to, const struct program *from);

/// Empties a program and keeps its memory, or gives that back too.
void program_clear(struct program *program);
void program_close(struct program *program);

/// Empties `program` and decodes a byte string into it. Every byte string is a program: a record
/// cut short reads as if zeros followed.
void program_decode(struct program *program, const uint8_t *bytes, size_t size_bytes);

/// Returns the size of the program in bytes, and writes the bytes iff they fit in capacity_bytes.
size_t program_encode(const struct program *program, uint8_t *bytes, size_t capacity_bytes);

/// Returns the op as decoding gives it: the fields without an operand are 0.
struct op op_canonical(struct op op);

#endif
