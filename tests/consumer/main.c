// A user's program: task memory from the installed headers and library.

#include <comheap/taskmem.h>

int main(void)
{
    void *block = CoTaskMemAlloc(100);
    CoTaskMemFree(block);
    return block != NULL ? 0 : 1;
}
