// A program that contains the library loads a plugin that does, too, on Windows. Each has a task
// memory of its own, and both work.

#include <windows.h>

#include "plugin.h"

int main(void)
{
    HMODULE library = LoadLibraryA("plugin.dll");
    if (library == NULL) {
        return 2;
    }
    const struct plugin *plugin = (const void *)GetProcAddress(library, "plugin");
    if (plugin == NULL) {
        return 3;
    }
    void *block = plugin->alloc(100);
    plugin->end(plugin->resize(block, 200));
    CoTaskMemFree(CoTaskMemAlloc(100));
    IMalloc *theirs = plugin->allocator();
    IMalloc *ours = NULL;
    if (CoGetMalloc(MEMCTX_TASK, &ours) != S_OK) {
        return 4;
    }
    return theirs != ours && theirs->lpVtbl->DidAlloc(theirs, ours) == 0 ? 0 : 1;
}
