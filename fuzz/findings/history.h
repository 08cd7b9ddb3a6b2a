// What has become of a slot's block so far, read off the program and its answers.
#ifndef FINDINGS_HISTORY_H
#define FINDINGS_HISTORY_H

#include "runner/run.h"

/// Ops by their index; HISTORY_NONE: there was none.
#define HISTORY_NONE SIZE_MAX
struct history {
    size_t made;    ///< Allocated it,
    size_t resized; ///< and gave it its size since, if another op did.
};

/// Looks back from the op under way.
struct history history_of(const struct run *run, uint32_t slot);

/// Where the slot's block was before an op; 0: nowhere, or it was too long ago to look for.
uintptr_t history_block(const struct run *run, size_t op_index, uint32_t slot);

/// How often an op is called: once, and what a repeat before it adds.
uint32_t history_calls(const struct program *program, size_t op_index);

#endif
