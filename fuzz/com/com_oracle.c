// The law `com`: the allocator's identity, its interfaces, and the registration of spies.

#include "com/com_oracle.h"

#include "laws/counters.h"

static const char *object_name(const IMalloc *expected, const void *object)
{
    return object == NULL       ? "NULL"
           : object == expected ? "the allocator"
                                : "a pointer that is neither NULL nor the allocator";
}

static CHECK void check_allocator(const IMalloc *expected, HRESULT result, const IMalloc *malloc)
{
    LAW(COM, result == S_OK && malloc == expected,
        "CoGetMalloc(1) is 0x%08x with %s, expected S_OK with the allocator", (unsigned)result,
        object_name(expected, malloc));
}

static CHECK void check_no_allocator(const IMalloc *expected, DWORD context, HRESULT result,
                                     const IMalloc *malloc)
{
    LAW(COM, result == E_INVALIDARG && malloc == NULL,
        "CoGetMalloc(%u) is 0x%08x with %s, expected E_INVALIDARG with NULL", (unsigned)context,
        (unsigned)result, object_name(expected, malloc));
}

void com_oracle_got_malloc(const IMalloc *expected, DWORD context, HRESULT result,
                           const IMalloc *malloc)
{
    if (context == MEMCTX_TASK) {
        check_allocator(expected, result, malloc);
    } else {
        check_no_allocator(expected, context, result, malloc);
    }
}

static CHECK void check_interface(const IMalloc *expected, HRESULT result, const void *object)
{
    LAW(COM, result == S_OK && object == expected,
        "QueryInterface is 0x%08x with %s, expected S_OK with the allocator", (unsigned)result,
        object_name(expected, object));
}

static CHECK void check_no_interface(const struct com_calls *com, const IMalloc *expected,
                                     HRESULT result, const void *object, const void *preset)
{
    bool is_left = com->leaves_query && object == preset;
    LAW(COM, result == E_NOINTERFACE && (is_left || object == NULL),
        "QueryInterface is 0x%08x with %s, expected E_NOINTERFACE with NULL", (unsigned)result,
        object_name(expected, object));
}

void com_oracle_queried(const struct com_calls *com, const IMalloc *expected, unsigned which,
                        HRESULT result, const void *object, const void *preset)
{
    if (which < 2) {
        check_interface(expected, result, object);
    } else {
        check_no_interface(com, expected, result, object, preset);
    }
}

void com_oracle_registered(HRESULT result, HRESULT expected)
{
    LAW(COM, result == expected, "CoRegisterMallocSpy is 0x%08x, expected 0x%08x", (unsigned)result,
        (unsigned)expected);
}

void com_oracle_revoked(HRESULT result, HRESULT expected)
{
    LAW(COM, result == expected, "CoRevokeMallocSpy is 0x%08x, expected 0x%08x", (unsigned)result,
        (unsigned)expected);
}
