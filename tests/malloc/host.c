// A program in C without a C++ runtime: host PLUGIN, or host alone. Either loads a plugin, which
// brings the runtime and needs its exceptions. Or calls new itself and asks for too much.
//
// Runs with libcomheap-malloc.so linked or preloaded; knows nothing of the heap.

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int call_plugin(const char *path)
{
    bool (*lives)(void) = NULL;
    void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *found = plugin == NULL ? NULL : dlsym(plugin, "lives_without_memory");
    if (found == NULL) {
        (void)fprintf(stderr, "host: %s\n", dlerror());
        return 2;
    }
    memcpy(&lives, &found, sizeof found);
    return lives() ? 0 : 1;
}

int main(int count, char **words)
{
    if (count > 1) {
        return call_plugin(words[1]);
    }
    void *(*new)(size_t) = NULL;
    void *found = dlsym(RTLD_DEFAULT, SIZE_MAX > UINT32_MAX ? "_Znwm" : "_Znwj");
    memcpy(&new, &found, sizeof found);
    return new == NULL ? 2 : new (SIZE_MAX) != NULL;
}
