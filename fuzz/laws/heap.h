// The heap under test: a subject that is open in a world, and the calls to it.
//
// An extension puts other faces in front of a subject. It makes the calls of all faces, and may
// request another size from the heap than the caller does. Laws, model and runner know no more of
// it.
#ifndef LAWS_HEAP_H
#define LAWS_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "language/op.h"
#include "laws/subject.h"

struct heap;

/// A request for a block, as an extension changes it on its way to the heap.
struct request {
    size_t held_bytes;      ///< The caller sees a block of this size,
    size_t asked_bytes;     ///< and the heap receives this one.
    bool is_refused;        ///< The extension refuses it; the heap gets no call.
    bool is_zeroed;         ///< The block has to hold zeros.
    size_t alignment_bytes; ///< The caller requests this alignment; 0: the heap's own.
};

struct extension {
    /// Returns whether the subject has all that the extension needs.
    bool (*is_offered)(const struct subject *subject);

    /// Return the limit of a face, and its GetSize(NULL) where the subject documents one.
    size_t (*limit_bytes)(const struct subject *subject, enum face face);
    size_t (*null_size_bytes)(const struct subject *subject, enum face face);

    /// Returns why a law of the extension is off for a subject, in part or as a whole. NULL: it is
    /// on, or another room's.
    const char *(*law_off)(const struct subject *subject, enum law law);

    /// Begins after the subject is opened; ends before it is closed, when no block is live.
    void (*begin)(struct heap *heap);
    void (*end)(struct heap *heap);

    /// Make the calls of subject.h through a face.
    void *(*allocate)(struct heap *heap, enum face face, size_t size_bytes);
    void *(*reallocate)(struct heap *heap, enum face face, void *block, size_t size_bytes);
    void (*free)(struct heap *heap, enum face face, void *block);
    size_t (*size)(struct heap *heap, enum face face, void *block);
    int (*owns)(struct heap *heap, const void *address);
    void (*minimize)(struct heap *heap);

    /// Makes the call of a verb whose action is ACTION_EXTENSION, and stores its answer. Returns
    /// false iff it makes none. `judge` then holds the answer against the laws.
    bool (*call)(struct heap *heap, struct op op, size_t size_bytes, int *answer);
    void (*judge)(struct heap *heap, struct op op, size_t size_bytes);

    /// Names the calls of each face for a report; NULL where a face has no such call.
    const char *free_names[FACES], *reallocate_names[FACES], *size_names[FACES];
};

struct heap {
    const struct subject *subject;
    const struct extension *extension; ///< NULL: the subject's own face is the only one.
    bool is_open;                      ///< Otherwise the subject could not be opened.
    size_t arena_bytes;                ///< Of its range, or of the pages that it may take.
    size_t ranges;                     ///< The number of its ranges; 1 where it takes none.
    bool is_substitute; ///< The program's arena has no room for a heap; this one replaces it.
    size_t fresh_committed_bytes;
    size_t largest_bytes; ///< A size that the empty heap grants; 0: none is known.

    struct request request;   ///< The last one for a block.
    uint64_t refusals_before; ///< The world's, before the last request.

    size_t rolling;          ///< Selects the live block that is checked next.
    size_t misuses_unwalked; ///< Counts misuses since the invariants were last walked for one,
    size_t misuses_apart;    ///< and those that had a process of their own.

    const char *own_call;   ///< The current call of the harness's own, for no op; NULL: none.
    size_t own_call_number; ///< Printed after own_call; HEAP_NO_NUMBER: no number.
};

/// Opens the subject in the open world. A subject that takes a range gets one of arena_bytes at a
/// place of the world, which counts in units of its alignment. Returns false iff the subject has no
/// room for an empty heap.
bool heap_open(struct heap *heap, size_t arena_bytes, uint32_t place);

/// Gives the heap another range, some steps behind the last one. Does nothing where the subject
/// takes only one, or the world has no more.
void heap_add_range(struct heap *heap, size_t size_bytes, uint32_t steps);

/// Closes the subject. Precondition: no block is live.
void heap_close(struct heap *heap);

/// Make a call through a face: the heap's own where there is no extension. A subject without
/// `reallocate` is never asked to, and the size of its blocks is SIZE_MAX without `size`.
void *heap_allocate(struct heap *heap, enum face face, size_t size_bytes);
void *heap_allocate_zeroed(struct heap *heap, size_t count, size_t size_bytes);
void *heap_allocate_aligned(struct heap *heap, size_t alignment_bytes, size_t size_bytes);
void *heap_reallocate(struct heap *heap, enum face face, void *block, size_t size_bytes);
void *heap_reallocate_aligned(struct heap *heap, void *block, size_t alignment_bytes,
                              size_t size_bytes);
void heap_free(struct heap *heap, enum face face, void *block);
size_t heap_size(struct heap *heap, enum face face, void *block);

/// Asks DidAlloc. Precondition: the subject has `owns`.
int heap_owns(struct heap *heap, const void *address);

/// Minimizes the heap. Precondition: the subject has `minimize`.
void heap_minimize(struct heap *heap);

/// Return the number of faces that take calls, and the names of a face's calls.
unsigned heap_faces(const struct heap *heap);
const char *heap_free_name(const struct heap *heap, enum face face);
const char *heap_reallocate_name(const struct heap *heap, enum face face);
const char *heap_size_name(const struct heap *heap, enum face face);

/// Return the limit of a face, and its GetSize(NULL), of a subject with an extension or NULL.
size_t heap_limit_bytes(const struct subject *subject, const struct extension *extension,
                        enum face face);
size_t heap_null_size_bytes(const struct subject *subject, const struct extension *extension,
                            enum face face);

/// Record that the harness makes a call for which no op asked, and that the call has returned. A
/// report of a stop names the call.
#define HEAP_NO_NUMBER SIZE_MAX
void heap_own_call(struct heap *heap, const char *call, size_t number);
void heap_own_call_done(struct heap *heap);

#endif
