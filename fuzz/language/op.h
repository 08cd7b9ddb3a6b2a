// Ops and programs, and their bytes.
//
// A record is four bytes, little-endian, so that deleting or splicing records deletes or splices
// ops:
//
//     bit 31 .................. 16 | 15 ......... 5 | 4 .. 0
//              size code           | slot, or number |  verb
//
// A record whose verb is 31 lends the next one its high bits: five more for the slot, sixteen more
// for a literal size. Verb numbers that no verb has yet mean one of the four basic calls.
#ifndef LANGUAGE_OP_H
#define LANGUAGE_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verb {
#define OP_DEF(id, name, operands, family, weight, sentence) VERB_##id,
#include "language/op.def"
#undef OP_DEF
    VERBS
};

/// What a verb is about: the four calls and what every heap can be asked; the COM face;
/// what a caller must not do; which of a heap's lanes calls come from; who is told of them.
enum family { FAMILY_HEAP, FAMILY_COM, FAMILY_MISUSE, FAMILY_LANES, FAMILY_SPY };

/// Where calls come from, as the number of a VERB_LANE % LANES says. A program begins on the first.
/// A heap has these lanes and no more, and fewer where its arena is too small for them.
enum lane { LANE_NONE, LANE_FIRST, LANE_SECOND, LANE_LAST, LANES };

#define RECORD_BYTES 4U
#define SLOTS 65536U

/// One call. A field that the verb has no operand for is 0.
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

const char *verb_name(enum verb verb);
const char *verb_operands(enum verb verb);
bool verb_takes_slot(enum verb verb);
enum family verb_family(enum verb verb);
unsigned verb_weight(enum verb verb);
const char *verb_sentence(enum verb verb);

/// What a verb does, through whichever interface.
bool verb_allocates(enum verb verb);
bool verb_reallocates(enum verb verb);
bool verb_frees(enum verb verb);

/// Adds an op. Ends the process with a sentence iff there is no memory.
void program_add(struct program *program, struct op op);

/// Empties a program and keeps its memory, or gives that back too.
void program_clear(struct program *program);
void program_close(struct program *program);

/// Every byte string is a program: a record cut short reads as if zeros followed. `program` is
/// emptied first.
void program_decode(struct program *program, const uint8_t *bytes, size_t size_bytes);

/// Returns how many bytes the program takes, and writes them iff capacity_bytes is enough.
size_t program_encode(const struct program *program, uint8_t *bytes, size_t capacity_bytes);

/// Returns the op with the fields that its verb has no operand for set to 0, as decoding gives it.
struct op op_canonical(struct op op);

#endif
