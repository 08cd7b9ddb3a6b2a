// Boxes on a line, wide enough for what is written in them and a little wider the more bytes they
// are, so that a block of one byte can be read beside one of 2 GiB. Blocks that overlap are on two
// lines.

#include "findings/boxes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "laws/place.h"
#include "world/world.h"

#define CELLS 12U
#define EDGES (2 * CELLS + 2)
#define COLUMNS 92U // A picture that is wider leaves the neighbours out.
#define LINE_BYTES 512U
#define ROWS 2U // Of boxes that overlap.

// What is drawn as a box: a block, or what lies between two.
struct cell {
    uintptr_t begin, end;
    char label[40];
    bool is_between;
    unsigned row;
};

struct boxes {
    struct cell cells[CELLS];
    size_t cell_count;
    uintptr_t edges[EDGES]; ///< Where something begins or ends, in order.
    size_t widths[EDGES];   ///< Columns from each edge to the next.
    size_t edge_count;
};

static uintptr_t end_of(uintptr_t begin, size_t size_bytes)
{
    size_t taken_bytes = size_bytes == 0 ? 1 : size_bytes;
    return taken_bytes > UINTPTR_MAX - begin ? UINTPTR_MAX : begin + taken_bytes;
}

static struct cell *add_cell(struct boxes *boxes, uintptr_t begin, uintptr_t end)
{
    struct cell *cell = &boxes->cells[boxes->cell_count++];
    *cell = (struct cell){.begin = begin, .end = end};
    return cell;
}

static bool is_drawn(const struct boxes *boxes, uintptr_t begin)
{
    for (size_t i = 0; i < boxes->cell_count; i++) {
        if (boxes->cells[i].begin == begin) {
            return true;
        }
    }
    return false;
}

static void add_neighbour(struct boxes *boxes, uint32_t slot)
{
    const struct held *held = &model.slots[slot];
    uintptr_t begin = (uintptr_t)held->block;
    struct cell *cell = add_cell(boxes, begin, end_of(begin, held->size_bytes));
    (void)snprintf(cell->label, sizeof cell->label, "b%u: %zu", slot, held->size_bytes);
}

// The live blocks on both sides of the mark that are nearest to it and not there yet.
static void add_neighbours(struct boxes *boxes)
{
    uint32_t below = SLOTS;
    uint32_t above = SLOTS;
    for (size_t i = 0; i < model.live_blocks && above == SLOTS; i++) {
        uint32_t slot = model_live_slot(i);
        uintptr_t begin = (uintptr_t)model.slots[slot].block;
        if (is_drawn(boxes, begin)) {
            continue;
        }
        if (begin <= place.mark) {
            below = slot;
        } else {
            above = slot;
        }
    }
    if (below != SLOTS) {
        add_neighbour(boxes, below);
    }
    if (above != SLOTS) {
        add_neighbour(boxes, above);
    }
}

static int by_begin(const void *one, const void *other)
{
    const struct cell *a = one;
    const struct cell *b = other;
    return (a->begin > b->begin) - (a->begin < b->begin);
}

static size_t live_between(uintptr_t begin, uintptr_t end)
{
    size_t count = 0;
    for (size_t i = 0; i < model.live_blocks; i++) {
        uintptr_t block = (uintptr_t)model.slots[model_live_slot(i)].block;
        count += block >= begin && block < end;
    }
    return count;
}

static void name_between(struct cell *cell, size_t alignment_bytes)
{
    size_t size_bytes = cell->end - cell->begin;
    size_t blocks = live_between(cell->begin, cell->end);
    bool is_slack = size_bytes < alignment_bytes && cell->end % alignment_bytes == 0;
    cell->is_between = true;
    if (blocks > 0) {
        (void)snprintf(cell->label, sizeof cell->label, "%zu block%s", blocks,
                       blocks == 1 ? "" : "s");
    } else {
        (void)snprintf(cell->label, sizeof cell->label, "%s %zu", is_slack ? "slack" : "free",
                       size_bytes);
    }
}

// Puts blocks that overlap on two lines, and a box between two blocks that do not touch.
static void arrange(struct boxes *boxes, size_t alignment_bytes)
{
    size_t count = boxes->cell_count;
    uintptr_t end = 0;
    qsort(boxes->cells, count, sizeof boxes->cells[0], by_begin);
    for (size_t i = 0; i < count; i++) {
        struct cell *cell = &boxes->cells[i];
        cell->row = i > 0 && cell->begin < end;
        if (i > 0 && cell->begin > end) {
            name_between(add_cell(boxes, end, cell->begin), alignment_bytes);
        }
        end = cell->end > end ? cell->end : end;
    }
}

static int by_value(const void *one, const void *other)
{
    uintptr_t a = *(const uintptr_t *)one;
    uintptr_t b = *(const uintptr_t *)other;
    return (a > b) - (a < b);
}

static size_t edge_at(const struct boxes *boxes, uintptr_t address)
{
    size_t at = 0;
    while (boxes->edges[at] != address) {
        at++;
    }
    return at;
}

static size_t column_of(const struct boxes *boxes, uintptr_t address)
{
    size_t column = 0;
    for (size_t i = edge_at(boxes, address); i-- > 0;) {
        column += boxes->widths[i];
    }
    return column;
}

static void find_edges(struct boxes *boxes)
{
    size_t count = 0;
    for (size_t i = 0; i < boxes->cell_count; i++) {
        boxes->edges[count++] = boxes->cells[i].begin;
        boxes->edges[count++] = boxes->cells[i].end;
    }
    boxes->edges[count++] = place.mark;
    boxes->edges[count++] = place.mark + place.mark_bytes;
    qsort(boxes->edges, count, sizeof boxes->edges[0], by_value);
    boxes->edge_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || boxes->edges[i] != boxes->edges[i - 1]) {
            boxes->edges[boxes->edge_count++] = boxes->edges[i];
        }
    }
}

// A third of a column for each doubling.
static size_t width_for(size_t size_bytes)
{
    size_t width = 6;
    for (; size_bytes > 1; size_bytes /= 2) {
        width++;
    }
    return width / 3;
}

static void print_address(uintptr_t address, char text[24])
{
    uintptr_t start = (uintptr_t)world_start();
    bool is_ours = start != 0 && address >= start && address - start < world_most_bytes();
    (void)snprintf(text, 24, "%s0x%" PRIxPTR, is_ours ? "+" : "",
                   is_ours ? address - start : address);
}

// Makes a box so wide that what is written in it and above it fits. What the mark is about does not
// grow.
static void widen(struct boxes *boxes, const struct cell *cell)
{
    char address[24];
    size_t first = edge_at(boxes, cell->begin);
    size_t last = edge_at(boxes, cell->end);
    size_t widest = last - 1;
    size_t width = 0;
    print_address(cell->begin, address);
    size_t wanted = strlen(cell->label) + 3;
    size_t above = cell->is_between || cell->row > 0 ? 0 : strlen(address) + 1;
    wanted = wanted < above ? above : wanted;
    for (size_t i = first; i < last; i++) {
        width += boxes->widths[i];
        size_t bytes = boxes->edges[i + 1] - boxes->edges[i];
        if (bytes > boxes->edges[widest + 1] - boxes->edges[widest]) {
            widest = i;
        }
    }
    boxes->widths[widest] += wanted > width ? wanted - width : 0;
}

static size_t lay_out(struct boxes *boxes)
{
    find_edges(boxes);
    boxes->widths[boxes->edge_count - 1] = 0;
    for (size_t i = 0; i + 1 < boxes->edge_count; i++) {
        boxes->widths[i] = width_for(boxes->edges[i + 1] - boxes->edges[i]);
    }
    for (size_t i = 0; i < boxes->cell_count; i++) {
        widen(boxes, &boxes->cells[i]);
    }
    return column_of(boxes, boxes->edges[boxes->edge_count - 1]);
}

static void put(char *line, size_t column, const char *text)
{
    if (column + strlen(text) < LINE_BYTES) {
        memcpy(line + column, text, strlen(text));
    }
}

static void print_line(FILE *file, char *line)
{
    size_t length = LINE_BYTES;
    while (length > 0 && line[length - 1] == ' ') {
        length--;
    }
    if (length > 0) {
        fprintf(file, "    %.*s\n", (int)length, line);
    }
    memset(line, ' ', LINE_BYTES);
}

static void print_cells(FILE *file, const struct boxes *boxes)
{
    char line[LINE_BYTES];
    memset(line, ' ', sizeof line);
    for (size_t i = 0; i < boxes->cell_count; i++) {
        const struct cell *cell = &boxes->cells[i];
        if (!cell->is_between && cell->row == 0) {
            char address[24];
            print_address(cell->begin, address);
            put(line, column_of(boxes, cell->begin), address);
        }
    }
    print_line(file, line);
    for (unsigned row = 0; row < ROWS; row++) {
        for (size_t i = 0; i < boxes->cell_count; i++) {
            const struct cell *cell = &boxes->cells[i];
            if (cell->row == row) {
                put(line, column_of(boxes, cell->begin), "|");
                put(line, column_of(boxes, cell->begin) + 2, cell->label);
                put(line, column_of(boxes, cell->end), "|");
            }
        }
        print_line(file, line);
    }
}

static void print_mark(FILE *file, const struct boxes *boxes)
{
    char line[LINE_BYTES];
    size_t begin = column_of(boxes, place.mark) + 1;
    size_t end = column_of(boxes, place.mark + place.mark_bytes);
    size_t length = strlen(place.says);
    memset(line, ' ', sizeof line);
    for (size_t column = begin; column < end || column == begin; column++) {
        put(line, column, "^");
    }
    bool fits = end + 1 + length < COLUMNS || begin < length + 2;
    put(line, fits ? (end > begin ? end : begin + 1) + 1 : begin - length - 1, place.says);
    print_line(file, line);
}

bool boxes_draw(FILE *file, const struct run *run)
{
    static struct boxes boxes;
    for (int with_neighbours = 1; with_neighbours >= 0; with_neighbours--) {
        boxes.cell_count = 0;
        for (size_t i = 0; i < place.extent_count; i++) {
            const struct extent *extent = &place.extents[i];
            struct cell *cell =
                add_cell(&boxes, extent->begin, end_of(extent->begin, extent->size_bytes));
            memcpy(cell->label, extent->label, sizeof extent->label);
        }
        if (with_neighbours) {
            add_neighbours(&boxes);
        }
        arrange(&boxes, subject_alignment(run->plan.subject));
        if (lay_out(&boxes) <= COLUMNS) {
            break;
        }
    }
    if (boxes.cell_count > 0) {
        print_cells(file, &boxes);
        print_mark(file, &boxes);
    }
    return boxes.cell_count > 0;
}
