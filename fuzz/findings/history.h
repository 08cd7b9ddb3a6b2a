// Which ops made a slot's block, read off the program and its answers.
#ifndef FINDINGS_HISTORY_H
#define FINDINGS_HISTORY_H

#include "runner/run.h"

#define HISTORY_NONE SIZE_MAX

/// Returns the last op in [begin, end) that allocated or reallocated the slot's block, by its
/// index. Returns HISTORY_NONE iff none did, or the block was freed after it.
size_t history_maker(const struct run *run, size_t begin, size_t end, uint32_t slot);

/// Returns how often an op is called: once, and as often as a repeat before it adds.
uint32_t history_calls(const struct program *program, size_t op_index);

#endif
