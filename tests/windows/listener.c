// The listening spy. It is one object, for its program needs no other, and never counts references.

#include "listener.h"

#include "../../fuzz/com/spy_methods.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

char noted[512];

void note(const char *format, ...)
{
    size_t length = strlen(noted);
    va_list arguments;
    va_start(arguments, format);
    if (length > 0 && length + 2 < sizeof noted) {
        length += (size_t)snprintf(noted + length, sizeof noted - length, ", ");
    }
    (void)vsnprintf(noted + length, sizeof noted - length, format, arguments);
    va_end(arguments);
}

static void note_call(const char *method)
{
    if (listener.listens) {
        note("%s", method);
    }
}

static void note_call_of(const char *method, BOOL fSpyed)
{
    if (listener.listens) {
        note("%s %d", method, (int)fSpyed);
    }
}

static HRESULT STDMETHODCALLTYPE query_interface(IMallocSpy *This, REFIID riid, void **ppv)
{
    bool is_asked_as_spy = memcmp(riid, &IID_IMallocSpy, sizeof(IID)) == 0;
    *ppv = is_asked_as_spy ? This : NULL;
    return is_asked_as_spy ? S_OK : E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE add_ref(SPY_THIS)
{
    note_call("AddRef");
    return 2;
}

static ULONG STDMETHODCALLTYPE release(SPY_THIS)
{
    note_call("Release");
    return 1;
}

static SIZE_T STDMETHODCALLTYPE pre_alloc(SPY_THIS, SIZE_T cbRequest)
{
    note_call("PreAlloc");
    if (listener.in_pre_alloc != NULL) {
        listener.in_pre_alloc();
    }
    return listener.refuses ? 0 : cbRequest + listener.more_bytes;
}

static void *STDMETHODCALLTYPE post_alloc(SPY_THIS, void *pActual)
{
    note_call("PostAlloc");
    return pActual;
}

static void *STDMETHODCALLTYPE pre_free(SPY_THIS, void *pRequest, BOOL fSpyed)
{
    note_call_of("PreFree", fSpyed);
    return pRequest;
}

static void STDMETHODCALLTYPE post_free(SPY_THIS, BOOL fSpyed)
{
    note_call_of("PostFree", fSpyed);
}

static SIZE_T STDMETHODCALLTYPE pre_realloc(SPY_THIS, void *pRequest, SIZE_T cbRequest,
                                            void **ppNewRequest, BOOL fSpyed)
{
    note_call_of("PreRealloc", fSpyed);
    *ppNewRequest = pRequest;
    return listener.refuses ? 0 : cbRequest;
}

static void *STDMETHODCALLTYPE post_realloc(SPY_THIS, void *pActual, BOOL fSpyed)
{
    note_call_of("PostRealloc", fSpyed);
    return pActual;
}

static void *STDMETHODCALLTYPE pre_get_size(SPY_THIS, void *pRequest, BOOL fSpyed)
{
    note_call_of("PreGetSize", fSpyed);
    return pRequest;
}

static SIZE_T STDMETHODCALLTYPE post_get_size(SPY_THIS, SIZE_T cbActual, BOOL fSpyed)
{
    note_call_of("PostGetSize", fSpyed);
    return cbActual;
}

static void *STDMETHODCALLTYPE pre_did_alloc(SPY_THIS, void *pRequest, BOOL fSpyed)
{
    note_call_of("PreDidAlloc", fSpyed);
    return (unsigned char *)pRequest + listener.shift_bytes;
}

static int STDMETHODCALLTYPE post_did_alloc(SPY_THIS, void *pRequest, BOOL fSpyed, int fActual)
{
    note_call_of("PostDidAlloc", fSpyed);
    listener.asked_about = pRequest;
    return fActual;
}

static void STDMETHODCALLTYPE pre_heap_minimize(SPY_THIS)
{
    note_call("PreHeapMinimize");
}

static void STDMETHODCALLTYPE post_heap_minimize(SPY_THIS)
{
    note_call("PostHeapMinimize");
}

static const IMallocSpyVtbl vtable = SPY_METHODS;

struct listener listener = {.spy = {&vtable}};
