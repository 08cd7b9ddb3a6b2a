// A test that frees its blocks, except one, which the spy names. Its output:
//
// > block #17 of 40 bytes leaked, at 0x...
// > 1 of 20 blocks leaked: 40 bytes

#include <comheap/leakspy.h>

#define NAMES 20U

// Apparently every name is freed.
static void use_names(void)
{
    void *names[NAMES];
    for (unsigned i = 0; i < NAMES; i++) {
        names[i] = CoTaskMemAlloc(i == 16 ? 40 : 24);
    }
    for (unsigned i = 0; i < NAMES; i++) {
        if (i % 17 != 16) {
            CoTaskMemFree(names[i]);
        }
    }
}

int main(void)
{
    struct ch_leak_spy *spy = ch_leak_spy_create();
    if (spy == NULL || CoRegisterMallocSpy(ch_leak_spy_object(spy)) != S_OK) {
        return 2;
    }
    use_names();
    struct ch_leak_counts counts = ch_leak_spy_counts(spy);
    size_t leaks = ch_leak_spy_print(spy, stdout);
    printf("%zu of %zu blocks leaked: %zu bytes\n", leaks, counts.allocations, counts.live_bytes);
    HRESULT result = CoRevokeMallocSpy(); // Denied: the spy goes when the last block does.
    ch_leak_spy_destroy(spy);
    return leaks == 1 && result == E_ACCESSDENIED ? 0 : 1;
}
