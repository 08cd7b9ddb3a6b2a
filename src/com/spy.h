// Task memory of this copy through the spy, if one is registered, for the rest of this folder.
#ifndef COMHEAP_COM_SPY_H
#define COMHEAP_COM_SPY_H

#include <comheap/mallocspy.h>

#include <stddef.h>

void *ch_spy_alloc(size_t size_bytes);
void *ch_spy_realloc(void *pointer, size_t size_bytes);
void ch_spy_free(void *pointer);
size_t ch_spy_size_bytes(void *pointer);
int ch_spy_did_alloc(void *pointer);
void ch_spy_minimize(void);

/// CoRegisterMallocSpy and CoRevokeMallocSpy, for this copy.
HRESULT ch_spy_register(IMallocSpy *candidate);
HRESULT ch_spy_revoke(void);

#endif
