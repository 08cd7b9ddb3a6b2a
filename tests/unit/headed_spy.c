// A spy in C that checks for overruns as code for Windows does. It puts a header before each block
// and a guard behind, and assumes what it may of Windows. Most of all, it assumes that PreRealloc
// is about a block that stays one. It leaves blocks from before it as they are.

#include "headed.h"

#include "../../fuzz/com/spy_methods.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURE 0x21594c4dU
#define GUARD_BYTES 8U
#define GUARD 0xFD

// A multiple of the alignment of blocks, so that callers' blocks are aligned, too.
struct header {
    size_t size_bytes;
    uint32_t signature;
};
#define HEADER_BYTES (2 * sizeof(struct header))

static struct {
    IMallocSpy object;
    ULONG references;
    long blocks;
    size_t request_bytes; // From a Pre method to its Post method.
} spy;

void headed_assert(bool holds, const char *claim)
{
    if (!holds) {
        (void)fprintf(stderr, "headed spy: assertion failed: %s\n", claim);
        exit(1);
    }
}

#define ASSERT(claim) headed_assert(claim, #claim)

static void *begin_block(void *base)
{
    unsigned char *block = (unsigned char *)base + HEADER_BYTES;
    struct header header = {spy.request_bytes, SIGNATURE};
    memcpy(base, &header, sizeof header);
    memset(block + spy.request_bytes, GUARD, GUARD_BYTES);
    spy.blocks++;
    return block;
}

static void *base_of(void *block)
{
    unsigned char *base = (unsigned char *)block - HEADER_BYTES;
    struct header header;
    memcpy(&header, base, sizeof header);
    ASSERT(header.signature == SIGNATURE);
    for (size_t i = 0; i < GUARD_BYTES; i++) {
        ASSERT(((unsigned char *)block)[header.size_bytes + i] == GUARD);
    }
    return base;
}

static HRESULT STDMETHODCALLTYPE query_interface(IMallocSpy *This, REFIID riid, void **ppv)
{
    bool is_known = memcmp(riid, &IID_IMallocSpy, sizeof *riid) == 0 ||
                    memcmp(riid, &IID_IUnknown, sizeof *riid) == 0;
    *ppv = is_known ? This : NULL;
    spy.references += is_known;
    return is_known ? S_OK : E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE add_ref(SPY_THIS)
{
    return ++spy.references;
}

static ULONG STDMETHODCALLTYPE release(SPY_THIS)
{
    return --spy.references;
}

static SIZE_T STDMETHODCALLTYPE pre_alloc(SPY_THIS, SIZE_T cbRequest)
{
    spy.request_bytes = cbRequest;
    return HEADER_BYTES + cbRequest + GUARD_BYTES;
}

static void *STDMETHODCALLTYPE post_alloc(SPY_THIS, void *pActual)
{
    return pActual != NULL ? begin_block(pActual) : NULL;
}

static void *STDMETHODCALLTYPE pre_free(SPY_THIS, void *pRequest, BOOL fSpyed)
{
    ASSERT(pRequest != NULL);
    spy.blocks -= fSpyed ? 1 : 0;
    return fSpyed ? base_of(pRequest) : pRequest;
}

static void STDMETHODCALLTYPE post_free(SPY_THIS, BOOL fSpyed)
{
    (void)fSpyed;
}

// A block from before would be spied afterwards, and has no header: it must not change its size.
static SIZE_T STDMETHODCALLTYPE pre_realloc(SPY_THIS, void *pRequest, SIZE_T cbRequest,
                                            void **ppNewRequest, BOOL fSpyed)
{
    ASSERT(pRequest != NULL);
    ASSERT(cbRequest != 0);
    spy.request_bytes = cbRequest;
    *ppNewRequest = fSpyed ? base_of(pRequest) : pRequest;
    return fSpyed ? HEADER_BYTES + cbRequest + GUARD_BYTES : 0;
}

static void *STDMETHODCALLTYPE post_realloc(SPY_THIS, void *pActual, BOOL fSpyed)
{
    ASSERT(fSpyed);
    spy.blocks -= pActual != NULL ? 1 : 0;
    return pActual != NULL ? begin_block(pActual) : NULL;
}

static void *STDMETHODCALLTYPE pre_get_size(SPY_THIS, void *pRequest, BOOL fSpyed)
{
    ASSERT(pRequest != NULL);
    return fSpyed ? base_of(pRequest) : pRequest;
}

static SIZE_T STDMETHODCALLTYPE post_get_size(SPY_THIS, SIZE_T cbActual, BOOL fSpyed)
{
    return fSpyed ? cbActual - HEADER_BYTES - GUARD_BYTES : cbActual;
}

static void *STDMETHODCALLTYPE pre_did_alloc(SPY_THIS, void *pRequest, BOOL fSpyed)
{
    return fSpyed ? base_of(pRequest) : pRequest;
}

static int STDMETHODCALLTYPE post_did_alloc(SPY_THIS, void *pRequest, BOOL fSpyed, int fActual)
{
    (void)pRequest;
    (void)fSpyed;
    return fActual;
}

static void STDMETHODCALLTYPE pre_heap_minimize(SPY_THIS)
{
}

static void STDMETHODCALLTYPE post_heap_minimize(SPY_THIS)
{
}

static const IMallocSpyVtbl vtable = SPY_METHODS;

IMallocSpy *headed_spy(void)
{
    spy.object.lpVtbl = &vtable;
    return &spy.object;
}

ULONG headed_spy_references(void)
{
    return spy.references;
}

long headed_spy_blocks(void)
{
    return spy.blocks;
}
