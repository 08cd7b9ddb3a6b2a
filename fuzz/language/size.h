// Size codes: sixteen bits that reach, in one mutation, the sizes at which allocators go wrong. The
// top three bits say how to read the other thirteen:
//
//     0  N              a literal, 0 to 8191; with a wide record to 536870911
//     1  N<<K           any magnitude up to 16 MiB, as likely as any other: N up to 511, K up to 15
//     2  page*N+D       multiples of 4096, four around each
//     3  2^K+D, M*2^K+D with M 5, 6 or 7: powers of two and class edges, sixteen around each
//     4  INT_MAX+D, UINT_MAX+D, SIZE_MAX-D, PTRDIFF_MAX+D   a thousand around each
//     5  size*F+D       relative to the slot's own block: F times 1, 2, 3, 4 or over 2, 3, 4, 8
//     6  size(bN)+D     relative to the block of another slot, of the first 256
//     7  MiB*N          up to 8 GiB
//
// A sum below 0 is 0, and a sum above SIZE_MAX is SIZE_MAX. So a code means the same number
// wherever the number fits.
#ifndef LANGUAGE_SIZE_H
#define LANGUAGE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Names the ways to read a code, in the order of the table above. Each form except literals has a
/// head before its distance. The heads are N and K; N; M and K; the limit; F; N; N.
enum size_form {
    SIZE_LITERAL,
    SIZE_SCALED,
    SIZE_PAGES,
    SIZE_STEP,
    SIZE_LIMIT,
    SIZE_OWN,
    SIZE_OTHER,
    SIZE_MIB,
};

/// Returns the code of a form with this head and distance. Drops the bits that do not fit.
uint32_t size_make(enum size_form form, uint32_t head, int distance);

/// Returns a code of the same form that is `away` steps larger, or smaller. Where the form has a
/// distance, the steps are of the distance.
uint32_t size_nudge(uint32_t code, int away);

enum size_form size_form_of(uint32_t code);

/// Returns the size in bytes of the block that a slot holds; 0 where it holds none.
typedef size_t (*size_of_slot)(const void *context, uint32_t slot);

/// Returns a code without the high bits that only a literal uses, and without an addition to
/// SIZE_MAX. Nothing is above SIZE_MAX on any system.
uint32_t size_canonical(uint32_t code);

/// Returns a sum of sizes, or SIZE_MAX where it overflows.
static inline size_t size_sum(size_t a, size_t b)
{
    return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

/// Returns the code of a literal of up to SIZE_LITERAL_MAX bytes.
#define SIZE_LITERAL_MAX 536870911U
uint32_t size_literal(uint32_t size_bytes);

/// Returns the number of bytes that a code means for a slot, where size_of reports live sizes.
size_t size_resolve(uint32_t code, uint32_t slot, size_of_slot size_of, const void *context);

/// Writes a code as text, terminated; SIZE_TEXT_BYTES are always enough.
#define SIZE_TEXT_BYTES 48U
void size_print(uint32_t code, char *text);

/// Reads a whole text as a code. Accepts each text that size_print writes, and also a sign before 0
/// and an addition to SIZE_MAX. Returns false iff the text is none of these; then *why is the
/// reason.
bool size_parse(const char *text, uint32_t *code, const char **why);

#endif
