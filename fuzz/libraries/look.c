// look PATH PREFIX: loads a shared library as its port does, and tells which calls it has. Each
// line is a macro of the port and its value, or REFUSED and a sentence. Calls nothing.

#define _GNU_SOURCE // For RTLD_DEEPBIND, dlinfo and dladdr1.

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES 256U

// The macros, and the names that allocators give to the call; the first one that is there counts.
static const struct {
    const char *macro, *name;
} names[] = {
    {"LIBRARY_MALLOC", "malloc"},
    {"LIBRARY_FREE", "free"},
    {"LIBRARY_REALLOC", "realloc"},
    {"LIBRARY_CALLOC", "calloc"},
    {"LIBRARY_POSIX_MEMALIGN", "posix_memalign"},
    {"LIBRARY_MEMALIGN", "memalign"},
    {"LIBRARY_ALIGNED_ALLOC", "aligned_alloc"},
    {"LIBRARY_SIZE", "malloc_usable_size"},
    {"LIBRARY_SIZE", "usable_size"},
    {"LIBRARY_SIZE", "malloc_size"},
    {"LIBRARY_SIZE", "msize"},
    {"LIBRARY_SALLOCX", "sallocx"},
    {"LIBRARY_TRIM", "malloc_trim"},
};

// Prefixes of known allocators, for a hint.
static const char *const prefixes[] = {"", "je_", "mi_", "tc_", "scalable_", "rp", "__libc_"};

static void *load(const char *path)
{
    return dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
}

// Returns whether the library itself has the call. dlsym also looks into the libraries that it
// needs, most of which need the C library.
static bool has(void *library, const char *prefix, const char *name)
{
    char whole[NAME_BYTES];
    Dl_info unused;
    struct link_map *own = NULL;
    struct link_map *found = NULL;
    int length = snprintf(whole, sizeof whole, "%s%s", prefix, name);
    void *address = length < (int)sizeof whole ? dlsym(library, whole) : NULL;
    return address != NULL && dlinfo(library, RTLD_DI_LINKMAP, &own) == 0 &&
           dladdr1(address, &unused, (void **)&found, RTLD_DL_LINKMAP) != 0 && own == found;
}

static void tell_missing(void *library, const char *prefix)
{
    const char *missing = has(library, prefix, "malloc") ? "free" : "malloc";
    printf("REFUSED it has no %s%s", prefix, missing);
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (has(library, prefixes[i], "malloc") && has(library, prefixes[i], "free")) {
            printf("; name it LIBRARY%s%s for its %smalloc", prefixes[i][0] == '\0' ? "" : ":",
                   prefixes[i], prefixes[i]);
            break;
        }
    }
    printf("\n");
}

static void tell(void *library, const char *prefix)
{
    struct link_map *own;
    char path[4096];
    const char *before = "";
    if (!has(library, prefix, "malloc") || !has(library, prefix, "free")) {
        tell_missing(library, prefix);
        return;
    }
    if (dlinfo(library, RTLD_DI_LINKMAP, &own) != 0 || realpath(own->l_name, path) == NULL) {
        printf("REFUSED its loader hides its path\n");
        return;
    }
    printf("LIBRARY %s\n", path);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].macro, before) != 0 && has(library, prefix, names[i].name)) {
            printf("%s %s%s\n", names[i].macro, prefix, names[i].name);
            before = names[i].macro;
        }
    }
}

int main(int argc, char **argv)
{
    char here[4096];
    if (argc != 3) {
        return 2;
    }
    void *library = load(argv[1]);
    const char *error = library == NULL ? dlerror() : NULL;
    bool is_here = strchr(argv[1], '/') == NULL && access(argv[1], R_OK) == 0;
    if (library == NULL && is_here && strstr(error, "No such file") != NULL) {
        (void)snprintf(here, sizeof here, "./%s", argv[1]);
        library = load(here);
        error = library == NULL ? dlerror() : NULL;
    }
    if (library == NULL) {
        bool is_full = strstr(error, "static TLS") != NULL;
        printf("REFUSED it can't be loaded: %s%s\n", error,
               is_full ? ": GLIBC_TUNABLES=glibc.rtld.optional_static_tls=BYTES sets its size"
                       : "");
    } else {
        tell(library, argv[2]);
    }
    fflush(stdout);
    _exit(0); // A library may do anything at the end of a process.
}
