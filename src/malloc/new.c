// C++'s global operators new and delete, all 20 forms of C++17, under the names that the Itanium
// ABI gives them. It owns the rules of C++ for these functions. It does not know how a heap works,
// and needs no C++ runtime.
//
//     program -> operator new, operator delete, ... -> blocks.h -> the engine
//
// A block of 0 bytes has an address of its own. A form with a size checks it, as free_sized does. A
// form without a size or an alignment checks neither.
//
// When there is no room, new calls the new-handler until there is, as C++ demands. Without one it
// throws std::bad_alloc. Handler and exception belong to the C++ runtime, libstdc++ or libc++. In a
// process without one, new prints a sentence and aborts. The forms that must not throw return NULL;
// the runtime's own forms catch an exception of the handler, since C can't.
//
// A program may replace some forms and leave the others to the library. C++ says which form each
// other calls, so a program may expect that its own is called: its new has a header, say. Then each
// form here calls the next, as C++ says, and no size is checked.
#define _GNU_SOURCE // For RTLD_NEXT.

#include "malloc/blocks.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "pages/print.h"

// std::size_t in a mangled name.
#if SIZE_MAX > UINT32_MAX
#define SIZE "m"
_Static_assert(_Generic((size_t)0, unsigned long : 1, default : 0), "the m of a mangled name");
#else
#define SIZE "j"
_Static_assert(_Generic((size_t)0, unsigned : 1, default : 0), "the j of a mangled name");
#endif
#define ALIGNED "St11align_val_t"
#define NOTHROW "RKSt9nothrow_t"

// A form: own_NAME is the function here; the operator NAME is what its mangled name means in the
// process, which is a program's own function if that replaces ours.
#define FORM(name, returned, mangled, ...)                                                         \
    __attribute__((used)) static returned own_##name(__VA_ARGS__);                                 \
    SHOWN returned operator_##name(__VA_ARGS__) __asm__(mangled)                                   \
        __attribute__((alias("own_" #name)))

FORM(new, void *, "_Znw" SIZE, size_t);
FORM(new_array, void *, "_Zna" SIZE, size_t);
FORM(new_aligned, void *, "_Znw" SIZE ALIGNED, size_t, size_t);
FORM(new_array_aligned, void *, "_Zna" SIZE ALIGNED, size_t, size_t);
FORM(delete, void, "_ZdlPv", void *);
FORM(delete_array, void, "_ZdaPv", void *);
FORM(delete_aligned, void, "_ZdlPv" ALIGNED, void *, size_t);
FORM(delete_array_aligned, void, "_ZdaPv" ALIGNED, void *, size_t);

FORM(new_nothrow, void *, "_Znw" SIZE NOTHROW, size_t, const void *);
FORM(new_array_nothrow, void *, "_Zna" SIZE NOTHROW, size_t, const void *);
FORM(new_aligned_nothrow, void *, "_Znw" SIZE ALIGNED NOTHROW, size_t, size_t, const void *);
FORM(new_array_aligned_nothrow, void *, "_Zna" SIZE ALIGNED NOTHROW, size_t, size_t, const void *);
FORM(delete_sized, void, "_ZdlPv" SIZE, void *, size_t);
FORM(delete_array_sized, void, "_ZdaPv" SIZE, void *, size_t);
FORM(delete_nothrow, void, "_ZdlPv" NOTHROW, void *, const void *);
FORM(delete_array_nothrow, void, "_ZdaPv" NOTHROW, void *, const void *);
FORM(delete_aligned_sized, void, "_ZdlPv" SIZE ALIGNED, void *, size_t, size_t);
FORM(delete_array_aligned_sized, void, "_ZdaPv" SIZE ALIGNED, void *, size_t, size_t);
FORM(delete_aligned_nothrow, void, "_ZdlPv" ALIGNED NOTHROW, void *, size_t, const void *);
FORM(delete_array_aligned_nothrow, void, "_ZdaPv" ALIGNED NOTHROW, void *, size_t, const void *);

// The forms that others call: the dynamic loader stores their addresses. They are read as volatile,
// so that no compiler takes them for ours.
struct called {
    void *(*new)(size_t);
    void *(*new_array)(size_t);
    void *(*new_aligned)(size_t, size_t);
    void *(*new_array_aligned)(size_t, size_t);
    void (*delete)(void *);
    void (*delete_array)(void *);
    void (*delete_aligned)(void *, size_t);
    void (*delete_array_aligned)(void *, size_t);
};

static const volatile struct called called = {
    operator_new,    operator_new_array,    operator_new_aligned,    operator_new_array_aligned,
    operator_delete, operator_delete_array, operator_delete_aligned, operator_delete_array_aligned,
};

static bool is_replaced; // One of them is not ours.

// The loader runs this before any code that could call an operator.
__attribute__((constructor)) static void look_for_replacements(void)
{
    is_replaced = called.new != own_new || called.new_array != own_new_array ||
                  called.new_aligned != own_new_aligned ||
                  called.new_array_aligned != own_new_array_aligned ||
                  called.delete != own_delete || called.delete_array != own_delete_array ||
                  called.delete_aligned != own_delete_aligned ||
                  called.delete_array_aligned != own_delete_array_aligned;
}

typedef void (*handler)(void);
__attribute__((weak)) handler get_new_handler(void) __asm__("_ZSt15get_new_handlerv");
__attribute__((weak)) void throw_bad_alloc(void) __asm__("_ZSt17__throw_bad_allocv");

// Returns a function of the C++ runtime, or NULL. A plugin may have brought the runtime, where the
// loader did not see it when it bound this library. No cancellation ends a thread here.
static void *find_in_runtime(const char *mangled)
{
    static const char *const runtimes[] = {"libstdc++.so.6", "libc++.so.1"};
    void *found = dlsym(RTLD_NEXT, mangled);
    int state;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    for (size_t i = 0; found == NULL && i < sizeof runtimes / sizeof runtimes[0]; i++) {
        void *runtime = dlopen(runtimes[i], RTLD_LAZY | RTLD_NOLOAD);
        found = runtime == NULL ? NULL : dlsym(runtime, mangled);
    }
    (void)pthread_setcancelstate(state, NULL);
    return found;
}

// Stores a function in a pointer to one, which C does not convert.
static bool find(const char *mangled, void *function)
{
    void *found = find_in_runtime(mangled);
    memcpy(function, &found, sizeof found);
    return found != NULL;
}

static handler find_handler(void)
{
    handler (*get)(void) = get_new_handler;
    return get != NULL || find("_ZSt15get_new_handlerv", &get) ? get() : NULL;
}

static void throw(void)
{
    static const char sentence[] =
        "comheap: no memory for new, and no C++ runtime to throw std::bad_alloc\n";
    void (*throw_it)(void) = throw_bad_alloc;
    if (throw_it != NULL || find("_ZSt17__throw_bad_allocv", &throw_it)) {
        throw_it();
    }
    ch_print_error(sentence, sizeof sentence - 1);
    abort();
}

// The handler makes room, or leaves by an exception or for good.
static void make_room_or_throw(void)
{
    handler handle = find_handler();
    if (handle == NULL) {
        throw();
    } else {
        handle();
    }
}

__attribute__((noinline, cold)) static void *new_rarely(size_t size_bytes)
{
    void *block;
    do {
        make_room_or_throw();
        block = ch_blocks_take(size_bytes);
    } while (block == NULL);
    return block;
}

static inline void *new_in_own(size_t size_bytes)
{
    void *block = ch_blocks_take(size_bytes);
    return RARELY(block == NULL) ? new_rarely(size_bytes) : block;
}

static void *own_new(size_t size_bytes)
{
    return new_in_own(size_bytes);
}

static void *own_new_array(size_t size_bytes)
{
    return RARELY(is_replaced) ? called.new(size_bytes) : new_in_own(size_bytes);
}

// Returns NULL also for an alignment that is no power of two.
static void *take_aligned(size_t size_bytes, size_t alignment_bytes)
{
    return ch_blocks_is_power_of_two(alignment_bytes)
               ? ch_blocks_take_aligned(alignment_bytes, size_bytes)
               : NULL;
}

static void *own_new_aligned(size_t size_bytes, size_t alignment_bytes)
{
    if (!ch_blocks_is_power_of_two(alignment_bytes)) {
        throw(); // No handler makes it one.
    }
    void *block = take_aligned(size_bytes, alignment_bytes);
    while (block == NULL) {
        make_room_or_throw();
        block = take_aligned(size_bytes, alignment_bytes);
    }
    return block;
}

static void *own_new_array_aligned(size_t size_bytes, size_t alignment_bytes)
{
    return RARELY(is_replaced) ? called.new_aligned(size_bytes, alignment_bytes)
                               : own_new_aligned(size_bytes, alignment_bytes);
}

// Lets the runtime's form of that name call the form that throws, and catch what it throws. Without
// a runtime there is neither a handler nor an exception.
__attribute__((noinline, cold)) static void *new_or_null(const char *mangled, size_t size_bytes,
                                                         const void *nothrow)
{
    void *(*form)(size_t, const void *);
    if (!is_replaced && find_handler() == NULL) {
        return NULL;
    }
    return find(mangled, &form) ? form(size_bytes, nothrow) : called.new(size_bytes);
}

__attribute__((noinline, cold)) static void *new_aligned_or_null(const char *mangled,
                                                                 size_t size_bytes,
                                                                 size_t alignment_bytes,
                                                                 const void *nothrow)
{
    void *(*form)(size_t, size_t, const void *);
    if (!is_replaced && find_handler() == NULL) {
        return NULL;
    }
    return find(mangled, &form) ? form(size_bytes, alignment_bytes, nothrow)
                                : called.new_aligned(size_bytes, alignment_bytes);
}

static void *own_new_nothrow(size_t size_bytes, const void *nothrow)
{
    void *block = RARELY(is_replaced) ? NULL : ch_blocks_take(size_bytes);
    return RARELY(block == NULL) ? new_or_null("_Znw" SIZE NOTHROW, size_bytes, nothrow) : block;
}

static void *own_new_array_nothrow(size_t size_bytes, const void *nothrow)
{
    void *block = RARELY(is_replaced) ? NULL : ch_blocks_take(size_bytes);
    return RARELY(block == NULL) ? new_or_null("_Zna" SIZE NOTHROW, size_bytes, nothrow) : block;
}

static void *own_new_aligned_nothrow(size_t size_bytes, size_t alignment_bytes, const void *nothrow)
{
    void *block = is_replaced ? NULL : take_aligned(size_bytes, alignment_bytes);
    return block != NULL ? block
                         : new_aligned_or_null("_Znw" SIZE ALIGNED NOTHROW, size_bytes,
                                               alignment_bytes, nothrow);
}

static void *own_new_array_aligned_nothrow(size_t size_bytes, size_t alignment_bytes,
                                           const void *nothrow)
{
    void *block = is_replaced ? NULL : take_aligned(size_bytes, alignment_bytes);
    return block != NULL ? block
                         : new_aligned_or_null("_Zna" SIZE ALIGNED NOTHROW, size_bytes,
                                               alignment_bytes, nothrow);
}

static void own_delete(void *block)
{
    ch_blocks_give(block);
}

static void own_delete_array(void *block)
{
    if (RARELY(is_replaced)) {
        called.delete(block);
    } else {
        ch_blocks_give(block);
    }
}

static void own_delete_sized(void *block, size_t size_bytes)
{
    if (RARELY(is_replaced)) {
        called.delete(block);
    } else {
        ch_blocks_give_sized(block, size_bytes);
    }
}

static void own_delete_array_sized(void *block, size_t size_bytes)
{
    if (RARELY(is_replaced)) {
        called.delete_array(block);
    } else {
        ch_blocks_give_sized(block, size_bytes);
    }
}

static void own_delete_nothrow(void *block, const void *nothrow)
{
    (void)nothrow;
    called.delete(block);
}

static void own_delete_array_nothrow(void *block, const void *nothrow)
{
    (void)nothrow;
    called.delete_array(block);
}

static void own_delete_aligned(void *block, size_t alignment_bytes)
{
    (void)alignment_bytes;
    ch_blocks_give(block);
}

static void own_delete_array_aligned(void *block, size_t alignment_bytes)
{
    called.delete_aligned(block, alignment_bytes);
}

static void own_delete_aligned_sized(void *block, size_t size_bytes, size_t alignment_bytes)
{
    if (RARELY(is_replaced)) {
        called.delete_aligned(block, alignment_bytes);
    } else {
        ch_blocks_give_aligned_sized(block, alignment_bytes, size_bytes);
    }
}

static void own_delete_array_aligned_sized(void *block, size_t size_bytes, size_t alignment_bytes)
{
    if (RARELY(is_replaced)) {
        called.delete_array_aligned(block, alignment_bytes);
    } else {
        ch_blocks_give_aligned_sized(block, alignment_bytes, size_bytes);
    }
}

static void own_delete_aligned_nothrow(void *block, size_t alignment_bytes, const void *nothrow)
{
    (void)nothrow;
    called.delete_aligned(block, alignment_bytes);
}

static void own_delete_array_aligned_nothrow(void *block, size_t alignment_bytes,
                                             const void *nothrow)
{
    (void)nothrow;
    called.delete_array_aligned(block, alignment_bytes);
}
