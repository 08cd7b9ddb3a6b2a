// The recording spy. Its record is text, so that a row can say what it expects in one sentence.

#include "recorder.h"
#include "../../fuzz/com/spy_methods.h"
#include "cmocka_headers.h"

#include <stdio.h>
#include <string.h>

static struct recorder *of(IMallocSpy *This)
{
    return (struct recorder *)(void *)This;
}

static void append(struct recorder *recorder, const char *format, va_list arguments)
{
    size_t room_bytes = sizeof(recorder->record) - recorder->recorded_bytes;
    char *end = recorder->record + recorder->recorded_bytes;
    int length = snprintf(end, room_bytes, "%s", recorder->recorded_bytes == 0 ? "" : ", ");
    length += vsnprintf(end + length, room_bytes - (size_t)length, format, arguments);
    assert_true((size_t)length < room_bytes);
    recorder->recorded_bytes += (size_t)length;
}

static void call_nest(struct recorder *recorder, const char *method)
{
    if (recorder->nest_in != NULL && strcmp(recorder->nest_in, method) == 0) {
        recorder->nest_in = NULL; // Once.
        recorder->nested++;
        recorder->nest();
    }
}

// Called first in each method, so that its calls come after the method's own in the record.
__attribute__((format(printf, 3, 4))) static void note(IMallocSpy *This, const char *method,
                                                       const char *format, ...)
{
    struct recorder *recorder = of(This);
    va_list arguments;
    va_start(arguments, format);
    append(recorder, format, arguments);
    va_end(arguments);
    call_nest(recorder, method);
}

#define NOTE(This, method, format, ...) note(This, #method, #method format, __VA_ARGS__)

static HRESULT STDMETHODCALLTYPE query_interface(IMallocSpy *This, REFIID riid, void **ppv)
{
    struct recorder *recorder = of(This);
    bool is_asked_as_spy = memcmp(riid, &IID_IMallocSpy, sizeof(IID)) == 0;
    call_nest(recorder, "QueryInterface");
    *ppv = NULL;
    if (!is_asked_as_spy || FAILED(recorder->query_result)) {
        return is_asked_as_spy ? recorder->query_result : E_NOINTERFACE;
    }
    if (recorder->query_spy != NULL) {
        of(recorder->query_spy)->references++;
    }
    *ppv = recorder->query_spy;
    return recorder->query_result;
}

static ULONG STDMETHODCALLTYPE add_ref(IMallocSpy *This)
{
    NOTE(This, AddRef, "%s", ""); // The library must not call it, so it shows in the record.
    return ++of(This)->references;
}

static ULONG STDMETHODCALLTYPE release(IMallocSpy *This)
{
    NOTE(This, Release, "%s", "");
    of(This)->releases++;
    return --of(This)->references;
}

static SIZE_T wanted_bytes(IMallocSpy *This, SIZE_T cbRequest)
{
    return of(This)->refuses ? 0 : cbRequest + of(This)->header_bytes;
}

static void *seen_by_caller(IMallocSpy *This, void *pActual)
{
    if (pActual == NULL || of(This)->loses_block) {
        return NULL;
    }
    return (unsigned char *)pActual + of(This)->header_bytes;
}

static void *seen_by_heap(IMallocSpy *This, void *pRequest, BOOL fSpyed)
{
    return (unsigned char *)pRequest - (fSpyed ? of(This)->header_bytes : 0);
}

static SIZE_T STDMETHODCALLTYPE pre_alloc(IMallocSpy *This, SIZE_T cbRequest)
{
    NOTE(This, PreAlloc, " %zu", cbRequest);
    return wanted_bytes(This, cbRequest);
}

static void *STDMETHODCALLTYPE post_alloc(IMallocSpy *This, void *pActual)
{
    NOTE(This, PostAlloc, " %p", pActual);
    return seen_by_caller(This, pActual);
}

static void *STDMETHODCALLTYPE pre_free(IMallocSpy *This, void *pRequest, BOOL fSpyed)
{
    NOTE(This, PreFree, " %p %d", pRequest, fSpyed);
    return of(This)->hides_block ? NULL : seen_by_heap(This, pRequest, fSpyed);
}

static void STDMETHODCALLTYPE post_free(IMallocSpy *This, BOOL fSpyed)
{
    NOTE(This, PostFree, " %d", fSpyed);
}

static SIZE_T STDMETHODCALLTYPE pre_realloc(IMallocSpy *This, void *pRequest, SIZE_T cbRequest,
                                            void **ppNewRequest, BOOL fSpyed)
{
    NOTE(This, PreRealloc, " %p %zu %p %d", pRequest, cbRequest, *ppNewRequest, fSpyed);
    if (of(This)->header_bytes != 0) {
        *ppNewRequest = seen_by_heap(This, pRequest, fSpyed);
    }
    if (of(This)->hides_block) {
        *ppNewRequest = NULL;
    }
    return wanted_bytes(This, cbRequest);
}

static void *STDMETHODCALLTYPE post_realloc(IMallocSpy *This, void *pActual, BOOL fSpyed)
{
    NOTE(This, PostRealloc, " %p %d", pActual, fSpyed);
    return pActual == NULL ? of(This)->instead : seen_by_caller(This, pActual);
}

static void *STDMETHODCALLTYPE pre_get_size(IMallocSpy *This, void *pRequest, BOOL fSpyed)
{
    NOTE(This, PreGetSize, " %p %d", pRequest, fSpyed);
    return seen_by_heap(This, pRequest, fSpyed);
}

static SIZE_T STDMETHODCALLTYPE post_get_size(IMallocSpy *This, SIZE_T cbActual, BOOL fSpyed)
{
    NOTE(This, PostGetSize, " %zu %d", cbActual, fSpyed);
    return cbActual - (fSpyed ? of(This)->header_bytes : 0);
}

static void *STDMETHODCALLTYPE pre_did_alloc(IMallocSpy *This, void *pRequest, BOOL fSpyed)
{
    NOTE(This, PreDidAlloc, " %p %d", pRequest, fSpyed);
    void *instead = of(This)->asked_instead;
    return instead != NULL ? instead : seen_by_heap(This, pRequest, fSpyed);
}

static int STDMETHODCALLTYPE post_did_alloc(IMallocSpy *This, void *pRequest, BOOL fSpyed,
                                            int fActual)
{
    NOTE(This, PostDidAlloc, " %p %d %d", pRequest, fSpyed, fActual);
    return fActual + of(This)->did_alloc_more;
}

static void STDMETHODCALLTYPE pre_heap_minimize(IMallocSpy *This)
{
    NOTE(This, PreHeapMinimize, "%s", "");
}

static void STDMETHODCALLTYPE post_heap_minimize(IMallocSpy *This)
{
    NOTE(This, PostHeapMinimize, "%s", "");
}

static const IMallocSpyVtbl vtable = SPY_METHODS;

void recorder_init(struct recorder *recorder)
{
    *recorder = (struct recorder){.spy = {&vtable}, .query_spy = &recorder->spy};
}

void recorder_register(struct recorder *recorder)
{
    recorder_init(recorder);
    assert_int_equal(CoRegisterMallocSpy(&recorder->spy), S_OK);
    assert_int_equal(recorder->references, 1);
    recorder_expect(recorder, "%s", "");
}

void recorder_expect(struct recorder *recorder, const char *format, ...)
{
    char expected[sizeof(recorder->record)];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(expected, sizeof(expected), format, arguments);
    va_end(arguments);
    assert_string_equal(recorder->record, expected);
    recorder_forget(recorder);
}

void recorder_forget(struct recorder *recorder)
{
    recorder->recorded_bytes = 0;
    recorder->record[0] = '\0';
}

void recorder_revoke(struct recorder *recorder)
{
    recorder_forget(recorder);
    assert_int_equal(CoRevokeMallocSpy(), S_OK);
    recorder_expect(recorder, "Release");
    assert_int_equal(recorder->references, 0);
    assert_int_equal(CoRevokeMallocSpy(), CO_E_OBJNOTREG);
}
