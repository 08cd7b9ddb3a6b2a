// The COM calls that a subject may offer.
#ifndef COM_COM_CALLS_H
#define COM_COM_CALLS_H

#include <comheap/mallocspy.h>
#include <comheap/taskmem.h>

#include "laws/subject.h"

/// Lists the COM calls over a subject's heap. Without one of the first four it has no COM face.
/// Without one of the last two it has no spies.
struct com_calls {
    void *(*task_alloc)(size_t size_bytes);
    void *(*task_realloc)(void *block, size_t size_bytes);
    void (*task_free)(void *block);
    HRESULT (*get_malloc)(DWORD context, IMalloc **malloc);
    HRESULT (*register_spy)(IMallocSpy *spy);
    HRESULT (*revoke_spy)(void);
    bool leaves_query; ///< A failed QueryInterface may leave the pointer alone (spec I5).
};

/// Return whether a subject has all calls of the faces, or also those of spies.
bool com_has_faces(const struct subject *subject);
bool com_has_spies(const struct subject *subject);

#endif
