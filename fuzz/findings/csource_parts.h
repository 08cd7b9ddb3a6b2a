// What the files behind csource.h share: the source under way, and the functions that it may need.
#ifndef FINDINGS_CSOURCE_PARTS_H
#define FINDINGS_CSOURCE_PARTS_H

#include <stdio.h>

#include "laws/law.h"
#include "runner/run.h"
#include "runner/trial.h"

/// A part of the source before main, in their order there.
enum part {
    PART_LIMITS,     ///< <limits.h>
    PART_TASK,       ///< The task allocator.
    PART_LAST,       ///< The last block of each slot, live or not.
    PART_ALL,        ///< block_at: the blocks by number.
    PART_SIZES,      ///< size_at: their sizes.
    PART_EXPECT,     ///< expect
    PART_PAGES,      ///< Pages of its own.
    PART_ALLOCATE,   ///< allocate and reallocate,
    PART_REALLOCATE, ///< for the C library.
    PART_SIZE,       ///< expect_size
    PART_ALIGNED,    ///< expect_aligned
    PART_FILL,       ///< fill
    PART_BYTES,      ///< expect_bytes
    PART_LIVE,       ///< is_live
    PART_POISONED,   ///< is_touchable
    PART_PAST_END,   ///< expect_past_end
    PART_DISJOINT,   ///< expect_disjoint
    PART_MEMBER,     ///< expect_member
    PART_GONE,       ///< expect_gone
    PART_COUNTS,     ///< expect_counts
    PART_HOLDS,      ///< expect_invariants
    PART_MALLOC,     ///< expect_get_malloc
    PART_QUERY,      ///< expect_query
    PART_FAULT,      ///< on_fault
    PART_RAISED,     ///< expect_fault
    PART_BAD_FREE,   ///< bad_free
    PART_BAD_REALLOCATE,
    PART_SCRIBBLE, ///< scribble
    PART_SAME,     ///< note_same
    PART_END,      ///< end_world
    PART_WORLD,    ///< begin_world
    PARTS
};

/// A slot, as the run left it.
struct csource_slot {
    uintptr_t address;
    size_t size_bytes;
    bool is_live;
    bool is_open;   ///< NULL in the run for want of room: a heap that has it may have granted it.
    unsigned fills; ///< How often its bytes were written: each time with other bytes.
};

/// What the process that runs a program tells the one that writes it.
struct csource_record {
    size_t ops_done;
    size_t answers_made;
    struct {
        uintptr_t block;
        bool is_refused; ///< By the world.
        int misused;     ///< Of a misused pointer: the kind of the answer, and its size_bytes.
        size_t misused_bytes;
    } answers[];
};

struct csource {
    FILE *body; ///< What stands in main.
    const struct plan *plan;
    const struct program *program;
    trial_verdict verdict;
    enum law law;     ///< The law that is broken; LAWS: none.
    size_t broken_op; ///< Where; the number of ops: at the end, or nothing is broken.
    bool has_world;   ///< The subject is comheap: it has a heap of its own to make.
    bool has_com;     ///< The COM verbs are COM calls.
    bool has_misuse;  ///< The verbs of misuse misuse the heap.
    bool has_array;   ///< Blocks are b[0], b[1], not b0, b1.
    bool has_sizes;   ///< Their sizes are kept.
    bool has_lanes;   ///< Calls come from one lane and another.
    bool needs[PARTS];
    bool uses_answer, uses_wanted, uses_was; ///< Variables of main.
    size_t slot_count;                       ///< One more than the largest slot.
    bool *is_asked;                          ///< By slot: DidAlloc is asked about it.
    bool *is_used;                           ///< By slot: it has a variable.
    struct csource_slot *slots;
    const struct csource_record *record;
    size_t answers_read;
    size_t arena_bytes;             ///< Of the world under way,
    bool is_scarce;                 ///< which may refuse pages.
    size_t live_blocks, live_bytes; ///< In it, if every answer is the run's,
    size_t peak_live_bytes;         ///< and at most.
    bool is_unsure;                 ///< An answer need not be: see is_open.
    bool is_mixed;                  ///< Calls came from several lanes: see model.h.
    size_t repeated_calls, repeated_bytes;
    unsigned depth; ///< Of blocks in main.
};

/// A stretch of calls that differ only in their slot: one call, or a loop.
struct csource_group {
    enum verb verb;
    uint32_t first, last;
    bool is_down;             ///< From last to first.
    struct csource_slot slot; ///< Each slot as it is before; address and size are the first's.
    bool is_granted;
    bool is_over;      ///< Above the limit.
    bool is_refused;   ///< A page was.
    size_t size_bytes; ///< Wanted; the first's.
    char size[96];     ///< As C: a number, or an expression over sizes.
    bool is_relative;
    uint32_t size_code;
    int misused; ///< As recorded.
    size_t misused_bytes;
};

/// Whether the source checks the law.
bool csource_checks(const struct csource *source, enum law law);

/// Whether it writes bytes into blocks.
bool csource_fills(const struct csource *source);

/// Writes a line into main.
__attribute__((format(printf, 2, 3))) void csource_say(struct csource *source, const char *format,
                                                       ...);

/// Writes the name of a group's variable: prefix "b", "size_b" or "last_b".
#define CSOURCE_NAME_BYTES 32U
void csource_name(const struct csource *source, const char *prefix,
                  const struct csource_group *group, char *name);

bool csource_is_relative(uint32_t code);

/// Writes a size as C: returns whether it is relative to a block's. The slot is `slot`, or the
/// loop's where `own` is not its name.
bool csource_size(struct csource *source, uint32_t code, const char *own, size_t size_bytes,
                  char text[96]);

/// The names of a group's variables, in a loop those of its turn.
struct csource_names {
    char block[CSOURCE_NAME_BYTES];
    char size[CSOURCE_NAME_BYTES];
    char before[CSOURCE_NAME_BYTES]; ///< The pattern of its bytes,
    char after[CSOURCE_NAME_BYTES];  // and the next one.
};

/// Writes the head of a group's loop, if it is one, and gives the names in it; and its end.
void csource_begin(struct csource *source, const struct csource_group *group,
                   struct csource_names *names);
void csource_end(struct csource *source, const struct csource_group *group);

/// Writes a call through the face that the verb has, to be set into a line.
enum csource_kind { KIND_ALLOCATE, KIND_FREE, KIND_REALLOCATE, KIND_SIZE };
void csource_call(struct csource *source, enum verb verb, enum csource_kind kind, const char *block,
                  const char *size, char line[160]);

/// Write calls that only ask.
void csource_ask_size(struct csource *source, const struct csource_group *group,
                      const struct csource_names *names);
void csource_ask_owner(struct csource *source, const struct csource_group *group,
                       const struct csource_names *names);
void csource_ask_address(struct csource *source, const char *address);
void csource_ask_com(struct csource *source, struct op op);

/// Whether a verb is one of misuse, and writes its calls.
bool csource_is_misuse(enum verb verb);
void csource_misuse(struct csource *source, const struct csource_group *group,
                    const struct csource_names *names);

/// Writes a part that misuse needs, from PART_FAULT to PART_SCRIBBLE.
void csource_print_misuse(FILE *file, const struct csource *source, enum part part);

/// Writes the calls of a group and their checks.
void csource_calls(struct csource *source, const struct csource_group *group);

/// Writes the checks of a block that nobody has just called for.
void csource_look(struct csource *source, const struct csource_group *group);

/// Says that a part is needed, and what it needs.
void csource_need(struct csource *source, enum part part);

/// The text of a part; NULL: it depends on the source. And of three: enough bytes for expect_size;
/// pages, with $check where a page changes; and counts, with $check where they are known.
extern const char *const csource_texts[PARTS];
extern const char csource_size_is_enough[];
extern const char csource_pages[];
extern const char csource_counts[];

/// Lists the slots that hold a block, or might. Returns how many; the caller frees the list.
size_t csource_list_live(struct csource *source, struct csource_slot ***list);

/// Does something for each listed slot, in as few loops as there are.
void csource_each(struct csource *source, struct csource_slot **list, size_t count,
                  void (*act)(struct csource *source, const struct csource_group *group));

/// Write the end of a world, the begin of one, and both.
void csource_end_world(struct csource *source);
void csource_begin_world(struct csource *source, size_t arena_bytes, uint32_t budget_pages);
void csource_next_world(struct csource *source, size_t arena_bytes, uint32_t budget_pages);

/// Writes that calls come from another lane.
void csource_select_lane(struct csource *source, enum lane lane);

/// Writes that the heap holds no more than its bound, if that is certain.
void csource_footprint(struct csource *source);

/// Writes main.
void csource_walk(struct csource *source);

/// Writes everything before main.
void csource_parts(FILE *file, const struct csource *source, const char *name);

#endif
