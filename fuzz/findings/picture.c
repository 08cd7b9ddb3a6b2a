// What is drawn of a place: its boxes, or a map of the whole heap; the bytes that are wrong beside
// those that should be there; and which op made each block what it is.

#include "findings/picture.h"

#include <inttypes.h>

#include "findings/boxes.h"
#include "findings/history.h"
#include "laws/fill.h"
#include "laws/place.h"
#include "world/asan.h"
#include "world/world.h"

#define MAP_COLUMNS 64U
#define BYTES_SHOWN 16U

// The live blocks that begin or end in a range, or lie around it.
static bool has_live(uintptr_t begin, uintptr_t end)
{
    for (size_t i = 0; i < model.live_blocks; i++) {
        const struct held *held = &model.slots[model_live_slot(i)];
        uintptr_t block = (uintptr_t)held->block;
        if (block < end && (block >= begin || begin - block < held->size_bytes)) {
            return true;
        }
    }
    return false;
}

// A column for each part of the arena.
static void draw_map(FILE *file, const struct run *run)
{
    uintptr_t start = (uintptr_t)world_start();
    size_t pages = run->heap.arena_bytes / WORLD_PAGE_BYTES;
    size_t columns = pages < MAP_COLUMNS ? pages : MAP_COLUMNS;
    char map[MAP_COLUMNS + 1] = "";
    if (world_committed_bytes() == 0) {
        return; // It holds nothing, or has its memory from elsewhere.
    }
    for (size_t i = 0; i < columns; i++) {
        size_t begin = pages * i / columns * WORLD_PAGE_BYTES;
        size_t end = pages * (i + 1) / columns * WORLD_PAGE_BYTES;
        map[i] = has_live(start + begin, start + end)      ? '#'
                 : world_committed_between(begin, end) > 0 ? '+'
                                                           : '.';
    }
    fprintf(file, "    heap |%s| %zu KiB, %zu a column\n", map, run->heap.arena_bytes / 1024,
            run->heap.arena_bytes / columns / 1024);
    size_t offset = place.mark - start;
    if (place.kind == PLACE_AROUND && place.mark >= start && offset < run->heap.arena_bytes) {
        size_t column = offset / WORLD_PAGE_BYTES * columns / pages;
        fprintf(file, "          %*s^ %s\n", (int)column, "", place.says);
    }
    fprintf(file, "         # holds a live block   + holds none, but is committed   . neither\n");
}

// A block's bytes may have been poisoned since.
UNINSTRUMENTED static unsigned byte_of(const unsigned char *block, size_t offset)
{
    return block[offset];
}

static void draw_bytes(FILE *file)
{
    const unsigned char *block = model.slots[place.slots[0]].block;
    size_t begin = place.offset & ~(size_t)7;
    size_t end = place.end - begin < BYTES_SHOWN ? place.end : begin + BYTES_SHOWN;
    fprintf(file, "    bytes from %-8zu", begin);
    for (size_t i = begin; i < end; i++) {
        fprintf(file, " %2zu", i % 100);
    }
    fprintf(file, "\n    %19s", "expected");
    for (size_t i = begin; i < end; i++) {
        fprintf(file, " %02x", fill_byte(place.fill, i));
    }
    fprintf(file, "\n    %19s", "found");
    for (size_t i = begin; i < end; i++) {
        unsigned found = byte_of(block, i);
        bool is_right = found == fill_byte(place.fill, i);
        fprintf(file, is_right ? "  =" : " %02x", found);
    }
    fprintf(file, "\n");
}

// Which op made a block what it is, and where it came from if that is worth a word.
static void tell_story(FILE *file, const struct run *run, uint32_t slot)
{
    static const char *const lanes[LANES] = {", from no lane", "", ", from the second lane",
                                             ", from the last lane"};
    const struct held *held = &model.slots[slot];
    enum lane lane = held->is_live ? held->lane : model.lane; // Or it has just been granted.
    struct history history = history_of(run, slot);
    if (history.made != HISTORY_NONE) {
        fprintf(file, "    b%u was allocated by op %zu", slot, history.made + 1);
        if (history.resized != HISTORY_NONE) {
            fprintf(file, " and given this size by op %zu", history.resized + 1);
        }
        fprintf(file, "%s\n", lanes[lane]);
    }
}

void picture_draw(FILE *file, const struct run *run)
{
    bool has_boxes = place.kind == PLACE_AROUND && boxes_draw(file, run);
    if (place.kind != PLACE_NONE && !has_boxes) {
        draw_map(file, run);
    }
    if (place.kind == PLACE_AROUND && place.has_bytes) {
        draw_bytes(file);
    }
    for (size_t i = 0; i < place.slot_count; i++) {
        tell_story(file, run, place.slots[i]);
    }
}
