// Makes the calls of a port through an IAtlMemMgr, as its callers do.

#include "subjects/manager.h"

static IAtlMemMgr *used;

bool manager_use(IAtlMemMgr *manager)
{
    used = manager;
    return manager != NULL;
}

void *manager_allocate(size_t size_bytes)
{
    return IAtlMemMgr_Allocate(used, size_bytes);
}

void *manager_reallocate(void *block, size_t size_bytes)
{
    return IAtlMemMgr_Reallocate(used, block, size_bytes);
}

void manager_free(void *block)
{
    IAtlMemMgr_Free(used, block);
}

size_t manager_size(void *block)
{
    return IAtlMemMgr_GetSize(used, block);
}
