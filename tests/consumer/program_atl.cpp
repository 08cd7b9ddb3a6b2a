// A user's program that was written for ATL: it includes ATL's headers by their own names.

#include <ATLComMem.h>
#include <atlbase.h>
#include <atlmem.h>

int main()
{
    ATL::CComHeap heap;
    ATL::IAtlMemMgr &manager = heap;
    void *block = manager.Reallocate(manager.Allocate(100), 200);
    bool works = manager.GetSize(block) == 200;
    manager.Free(block);
    ATL::CComHeapPtr<int> array;
    works = array.Allocate(25) && works;
    return works ? 0 : 1;
}
