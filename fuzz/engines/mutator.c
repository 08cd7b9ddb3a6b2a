// The functions that a mutating engine calls: libFuzzer, and engines with its interface. Linked
// into every target whose inputs are programs. An engine without these functions mutates bytes,
// which are a program all the same.
//
// One mutation in eight is the engine's own, of bytes: it finds cases that this mutator does not
// make. Two programs are never crossed. An engine crosses half of the time, and reached later the
// states that mutation alone reaches (tests/README.md).

#include <stddef.h>
#include <stdint.h>

#include "engines/target.h"
#include "language/mutate.h"

#define BYTES_ONE_IN 8U

// The engine's own mutation, where it has one.
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size_bytes, size_t most_bytes);

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size_bytes, size_t most_bytes, unsigned seed);

// Writes as many ops of a program as fit. Returns their size in bytes.
static size_t write_program(struct program *program, uint8_t *bytes, size_t most_bytes)
{
    size_t size_bytes;
    while ((size_bytes = program_encode(program, bytes, most_bytes)) > most_bytes) {
        program->count--;
    }
    return size_bytes;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size_bytes, size_t most_bytes, unsigned seed)
{
    static struct program program; // Its memory serves every call.
    most_bytes = most_bytes < TARGET_MOST_BYTES ? most_bytes : TARGET_MOST_BYTES;
    size_bytes = size_bytes < most_bytes ? size_bytes : most_bytes;
    if (LLVMFuzzerMutate != NULL && seed % BYTES_ONE_IN == 0) {
        return LLVMFuzzerMutate(bytes, size_bytes, most_bytes);
    }
    struct scope scope = target_scope();
    program_decode(&program, bytes, size_bytes);
    mutate_program(&program, &scope, most_bytes / RECORD_BYTES, seed);
    return write_program(&program, bytes, most_bytes);
}
