// The calls of a recorded program, as fast as they go: replay TRACE.rep TIMES.
//
// The trace is read once, into memory that no allocator sees. Blocks that are live at its end are
// freed before the next replay. A recorded program does more with its blocks than to write to their
// ends, so this measures the allocator with little else.
#define _DEFAULT_SOURCE
#include "block.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_LINES = 4 };

struct op {
    uint32_t verb : 2;
    uint32_t id : 30;
    uint32_t size_bytes;
};

enum { ALLOCATE, REALLOCATE, FREE };

struct trace {
    struct op *ops;
    uint32_t op_count;
    struct block *blocks;
    uint32_t id_count;
};

struct text {
    const char *at;
    const char *end;
};

/// Returns memory from the system, all zeros, or the bytes of the file.
static void *map(size_t size_bytes, int file)
{
    int flags = file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_PRIVATE;
    void *start = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, flags, file, 0);
    if (start == MAP_FAILED) {
        bench_fail("no memory for the trace");
    }
    return start;
}

static char next_char(struct text *text)
{
    while (text->at < text->end && (*text->at == ' ' || *text->at == '\n')) {
        text->at++;
    }
    return text->at < text->end ? *text->at : '\0';
}

static uint32_t next_number(struct text *text)
{
    uint64_t number = 0;
    char digit = next_char(text);
    if (digit < '0' || digit > '9') {
        bench_fail("the trace has no number where one belongs");
    }
    while (text->at < text->end && *text->at >= '0' && *text->at <= '9' && number <= UINT32_MAX) {
        number = number * 10 + (uint64_t)(*text->at++ - '0');
    }
    return (uint32_t)number;
}

static struct op next_op(struct text *text, uint32_t id_count)
{
    char letter = next_char(text);
    if (letter != 'a' && letter != 'r' && letter != 'f') {
        bench_fail("an op of the trace is not a, r or f");
    }
    text->at++;
    struct op op = {.verb = letter == 'a' ? ALLOCATE : letter == 'r' ? REALLOCATE : FREE};
    uint32_t id = next_number(text);
    if (id >= id_count) {
        bench_fail("the trace has an id that its header does not count");
    }
    op.id = id & ((UINT32_C(1) << 30) - 1);
    op.size_bytes = letter == 'f' ? 0 : next_number(text);
    return op;
}

static struct trace parse(struct text text)
{
    uint32_t header[HEADER_LINES];
    for (size_t i = 0; i < HEADER_LINES; i++) {
        header[i] = next_number(&text);
    }
    struct trace trace = {.id_count = header[1], .op_count = header[2]};
    trace.blocks = map(trace.id_count * sizeof *trace.blocks, -1);
    trace.ops = map(trace.op_count * sizeof *trace.ops, -1);
    for (uint32_t i = 0; i < trace.op_count; i++) {
        trace.ops[i] = next_op(&text, trace.id_count);
    }
    return trace;
}

static struct trace read_trace(const char *path)
{
    struct stat status;
    int file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &status) != 0) {
        bench_fail("there is no such trace");
    }
    size_t size_bytes = (size_t)status.st_size;
    char *start = map(size_bytes, file);
    struct trace trace = parse((struct text){start, start + size_bytes});
    munmap(start, size_bytes);
    close(file);
    return trace;
}

static void replay(const struct trace *trace)
{
    for (uint32_t i = 0; i < trace->op_count; i++) {
        const struct op *op = &trace->ops[i];
        struct block *block = &trace->blocks[op->id];
        if (op->verb == ALLOCATE) {
            block_allocate(block, op->size_bytes);
        } else if (op->verb == REALLOCATE) {
            block_reallocate(block, op->size_bytes);
        } else {
            block_free(block);
        }
    }
    for (uint32_t id = 0; id < trace->id_count; id++) {
        if (trace->blocks[id].start != NULL) {
            block_free(&trace->blocks[id]);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        bench_fail("replay TRACE.rep TIMES");
    }
    struct trace trace = read_trace(argv[1]);
    for (uint32_t left = bench_number(argv[2]); left > 0; left--) {
        replay(&trace);
    }
    return EXIT_SUCCESS;
}
