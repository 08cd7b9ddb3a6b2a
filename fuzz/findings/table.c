// The table of a place, the wrong bytes beside those expected, and the map of a heap.

#include "findings/table.h"

#include <stdlib.h>

#include "findings/history.h"
#include "laws/fill.h"
#include "laws/place.h"
#include "world/asan.h"
#include "world/world.h"

#define ROWS 8U // The place's blocks, a neighbour on each side, and the ranges between.
// A smaller heap is measured in bytes, and a larger one in KiB.
#define SCALE_BYTES ((size_t)1024 * 1024)

#define MAP_COLUMNS 64U
#define BYTES_SHOWN 16U

struct row {
    uintptr_t begin, end;
    char name[32];         ///< "" for an address.
    size_t size_bytes;     ///< A block of 0 bytes ends a byte behind its address.
    bool is_place;         ///< The remark has the law's words on the place.
    size_t maker, resizer; ///< The ops that allocated and last resized the block; or HISTORY_NONE.
    enum lane lane;
};

static struct row rows[ROWS];
static size_t row_count;

static struct row *add(uintptr_t begin, size_t size_bytes)
{
    struct row *row = &rows[row_count++];
    *row = (struct row){.begin = begin, .size_bytes = size_bytes, .lane = LANE_FIRST};
    row->end = size_bytes < UINTPTR_MAX - begin ? begin + size_bytes : UINTPTR_MAX;
    row->maker = row->resizer = HISTORY_NONE;
    return row;
}

// `was` is NULL for a block as it is now.
static void add_block(const struct run *run, uint32_t slot, uintptr_t begin, size_t size_bytes,
                      const char *was)
{
    struct row *row = add(begin, size_bytes);
    size_t end = run->op_index < run->program->count ? run->op_index + 1 : run->program->count;
    size_t last = history_maker(run, 0, end, slot);
    for (size_t maker = last; maker != HISTORY_NONE;) {
        bool is_first = verb_allocates(run->program->ops[maker].verb);
        row->maker = maker;
        maker = is_first ? HISTORY_NONE : history_maker(run, 0, maker, slot);
    }
    row->end += size_bytes == 0;
    row->is_place = row == rows && place.extent_count > 0;
    (void)snprintf(row->name, sizeof row->name, was == NULL ? "b%u" : "b%u, %s", slot, was);
    if (was == NULL && row->maker != HISTORY_NONE) {
        const struct held *held = &model.slots[slot];
        row->resizer = last != row->maker ? last : HISTORY_NONE;
        row->lane = held->is_live ? held->lane : model.lane; // Or it has just been granted.
    }
}

static bool has_row(uintptr_t begin)
{
    size_t i = 0;
    while (i < row_count && rows[i].begin != begin) {
        i++;
    }
    return i < row_count;
}

// Adds the live blocks that have no row and are nearest, on both sides of the place.
static void add_neighbours(const struct run *run)
{
    uintptr_t middle = row_count > 0 ? rows[0].begin : place.mark;
    uint32_t slots[2] = {SLOTS, SLOTS};
    for (size_t i = 0; i < model.live_blocks && slots[1] == SLOTS; i++) {
        uint32_t slot = model_live_slot(i);
        uintptr_t begin = (uintptr_t)model.slots[slot].block;
        if (!has_row(begin)) {
            slots[begin > middle] = slot;
        }
    }
    for (size_t i = 0; i < 2; i++) {
        if (slots[i] != SLOTS) {
            const struct held *held = &model.slots[slots[i]];
            add_block(run, slots[i], (uintptr_t)held->block, held->size_bytes, NULL);
        }
    }
}

// Remarks on an address in the row of the block that holds it, or in a row of its own.
static void add_address(void)
{
    size_t i = 0;
    while (i < row_count && (place.mark < rows[i].begin || place.mark >= rows[i].end)) {
        i++;
    }
    struct row *row = i < row_count ? &rows[i] : add(place.mark, 0);
    row->is_place = true;
}

static int in_order(const void *one, const void *other)
{
    const struct row *a = one;
    const struct row *b = other;
    bool is_same = a->begin == b->begin;
    return is_same ? (a->end > b->end) - (a->end < b->end) : a->begin > b->begin ? 1 : -1;
}

static void add_between(uintptr_t begin, uintptr_t end, size_t alignment_bytes)
{
    struct row *row = add(begin, end - begin);
    bool is_slack = end - begin < alignment_bytes && end % alignment_bytes == 0;
    size_t blocks = 0;
    for (size_t i = 0; i < model.live_blocks; i++) {
        uintptr_t block = (uintptr_t)model.slots[model_live_slot(i)].block;
        blocks += block >= begin && block < end;
    }
    if (blocks > 0) {
        (void)snprintf(row->name, sizeof row->name, "%zu block%s", blocks, blocks == 1 ? "" : "s");
    } else {
        (void)snprintf(row->name, sizeof row->name, is_slack ? "slack" : "free");
    }
}

// Sorts the rows, and adds one for each range between two.
static void complete(size_t alignment_bytes)
{
    size_t count = row_count;
    uintptr_t end = UINTPTR_MAX;
    qsort(rows, count, sizeof rows[0], in_order);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].begin > end) {
            add_between(end, rows[i].begin, alignment_bytes);
        }
        end = i == 0 || rows[i].end > end ? rows[i].end : end;
    }
    qsort(rows, row_count, sizeof rows[0], in_order);
}

static void print_row(FILE *file, const struct row *row)
{
    static const char *const lanes[LANES] = {"from no lane", "", "from the second lane",
                                             "from the last lane"};
    const char *before = "  "; // The next remark.
    fprintf(file, "    %-15s %-12s", place_pointer(row->begin), row->name);
    fprintf(file, row->name[0] != '\0' ? " %10zu" : "%11.0zu", row->size_bytes);
    if (row->maker != HISTORY_NONE || row->is_place) {
        fprintf(file, "%7.0zu", row->maker + 1); // Nothing for no op: that is 0.
    }
    if (row->is_place) {
        size_t offset = place.mark - row->begin;
        const char *format = place.has_bytes ? "%s%s: %zu" : offset > 0 ? "%s%s: byte %zu" : "%s%s";
        fprintf(file, format, before, place.says, offset);
        before = ", ";
    }
    if (row->resizer != HISTORY_NONE) {
        fprintf(file, "%sresized by op %zu", before, row->resizer + 1);
        before = ", ";
    }
    if (row->lane != LANE_FIRST) {
        fprintf(file, "%s%s", before, lanes[row->lane]);
    }
    fprintf(file, "\n");
}

// Returns whether a live block has a byte in a range.
static bool has_live(uintptr_t begin, uintptr_t end)
{
    uint32_t slot = model_next(begin);
    return slot != SLOTS && (uintptr_t)model.slots[slot].block < end;
}

static void print_map(FILE *file, const struct run *run)
{
    uintptr_t start = (uintptr_t)world_start();
    bool is_range = subject_takes_range(run->plan.subject);
    size_t unit_bytes = is_range ? 1 : WORLD_PAGE_BYTES;
    size_t units = run->heap.arena_bytes / unit_bytes;
    size_t columns = units < MAP_COLUMNS ? units : MAP_COLUMNS;
    char map[MAP_COLUMNS + 1] = "";
    if (!is_range && world_committed_bytes() == 0) {
        return; // It holds nothing, or has its memory from elsewhere.
    }
    for (size_t i = 0; i < columns; i++) {
        size_t begin = units * i / columns * unit_bytes;
        size_t end = units * (i + 1) / columns * unit_bytes;
        bool is_committed = world_committed_between(begin, end) > 0;
        map[i] = has_live(start + begin, start + end) ? '#' : is_committed ? '+' : '.';
    }
    size_t scale_bytes = run->heap.arena_bytes < SCALE_BYTES ? 1 : 1024;
    fprintf(file, "    heap |%s| %zu %s, %zu a column\n", map, run->heap.arena_bytes / scale_bytes,
            scale_bytes == 1 ? "bytes" : "KiB", run->heap.arena_bytes / columns / scale_bytes);
    fprintf(file, is_range ? "         # holds a live block   . holds none\n"
                           : "         # holds a live block   + holds none, but is committed   . "
                             "neither\n");
}

// A block's bytes may have been poisoned since.
UNINSTRUMENTED static unsigned byte_at(uintptr_t address)
{
    return *(const unsigned char *)address;
}

static void print_bytes(FILE *file)
{
    uintptr_t block = place.extents[0].begin;
    size_t begin = place.mark - block;
    size_t end = place.end - begin < BYTES_SHOWN ? place.end : begin + BYTES_SHOWN;
    fprintf(file, "    %-15s %-8s", "from there on", "expected");
    for (size_t i = begin; i < end; i++) {
        fprintf(file, " %02x", fill_byte(place.fill, i));
    }
    fprintf(file, "\n    %-15s %8s", "", "found");
    for (size_t i = begin; i < end; i++) {
        unsigned found = byte_at(block + i);
        fprintf(file, found == fill_byte(place.fill, i) ? "  =" : " %02x", found);
    }
    fprintf(file, "\n");
}

void table_print(FILE *file, const struct run *run)
{
    row_count = 0;
    if (place.kind == PLACE_HEAP) {
        print_map(file, run);
    }
    if (place.kind != PLACE_AROUND) {
        return;
    }
    for (size_t i = 0; i < place.extent_count; i++) {
        const struct extent *extent = &place.extents[i];
        add_block(run, extent->slot, extent->begin, extent->size_bytes, extent->was);
    }
    add_neighbours(run);
    if (place.extent_count == 0) {
        add_address();
    }
    complete(run->plan.subject->port.policies.alignment_bytes);
    fprintf(file, "    %-15s %-12s %10s %6s  remark\n", "address", "block", "size", "by op");
    for (size_t i = 0; i < row_count; i++) {
        print_row(file, &rows[i]);
    }
    if (place.has_bytes) {
        print_bytes(file);
    }
}
