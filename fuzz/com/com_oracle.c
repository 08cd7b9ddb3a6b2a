// What COM's own calls answered, against the law: who is the allocator, what may be asked of it,
// and who may spy on it.

#include "laws/oracle.h"

static const char *object_name(const struct run *run, const void *object)
{
    return object == NULL          ? "NULL"
           : object == run->malloc ? "the allocator"
                                   : "a pointer that is neither NULL nor the allocator";
}

static CHECK void check_allocator(struct run *run, HRESULT result, const IMalloc *malloc)
{
    LAW(run, COM, result == S_OK && malloc == run->malloc,
        "CoGetMalloc(1) is 0x%08x with %s, expected S_OK with the allocator", (unsigned)result,
        object_name(run, malloc));
}

static CHECK void check_no_allocator(struct run *run, DWORD context, HRESULT result,
                                     const IMalloc *malloc)
{
    LAW(run, COM, result == E_INVALIDARG && malloc == NULL,
        "CoGetMalloc(%u) is 0x%08x with %s, expected E_INVALIDARG with NULL", context,
        (unsigned)result, object_name(run, malloc));
}

enum outcome oracle_got_malloc(struct run *run, DWORD context, HRESULT result, IMalloc *malloc)
{
    if (context == 1) {
        check_allocator(run, result, malloc);
    } else {
        check_no_allocator(run, context, result, malloc);
    }
    return OUTCOME_DONE;
}

static CHECK void check_interface(struct run *run, HRESULT result, const void *object)
{
    LAW(run, COM, result == S_OK && object == run->malloc,
        "QueryInterface is 0x%08x with %s, expected S_OK with the allocator", (unsigned)result,
        object_name(run, object));
}

static CHECK void check_no_interface(struct run *run, HRESULT result, const void *object,
                                     const void *preset)
{
    bool is_left = run->plan.subject->policies.leaves_query && object == preset;
    LAW(run, COM, result == E_NOINTERFACE && (is_left || object == NULL),
        "QueryInterface is 0x%08x with %s, expected E_NOINTERFACE with NULL", (unsigned)result,
        object_name(run, object));
}

enum outcome oracle_queried(struct run *run, unsigned which, HRESULT result, const void *object,
                            const void *preset)
{
    if (which < 2) {
        check_interface(run, result, object);
    } else {
        check_no_interface(run, result, object, preset);
    }
    return OUTCOME_DONE;
}

void oracle_registered(struct run *run, HRESULT result, HRESULT expected)
{
    LAW(run, COM, result == expected, "CoRegisterMallocSpy is 0x%08x, expected 0x%08x",
        (unsigned)result, (unsigned)expected);
}

void oracle_revoked(struct run *run, HRESULT result, HRESULT expected)
{
    LAW(run, COM, result == expected, "CoRevokeMallocSpy is 0x%08x, expected 0x%08x",
        (unsigned)result, (unsigned)expected);
}
