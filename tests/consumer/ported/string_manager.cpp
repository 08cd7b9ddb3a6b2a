// A string class over a string manager, as ATL's own strings are: a header with counts in front of
// the characters, memory from any IAtlMemMgr, and capacity that doubles.

#include <atlbase.h>
#include <atlmem.h>

#include "require.h"

struct StringData {
    LONG nRefs;
    int nDataLength;
    int nAllocLength;

    char *data()
    {
        return reinterpret_cast<char *>(this + 1);
    }
};

class StringManager
{
  public:
    explicit StringManager(IAtlMemMgr *pMemMgr) : m_pMemMgr(pMemMgr)
    {
    }

    StringData *Allocate(int nChars)
    {
        StringData *pData = static_cast<StringData *>(m_pMemMgr->Allocate(SizeOf(nChars)));
        if (pData == NULL)
            return NULL;
        pData->nRefs = 1;
        pData->nDataLength = 0;
        pData->nAllocLength = nChars;
        return pData;
    }

    StringData *Reallocate(StringData *pData, int nChars)
    {
        void *pNew = m_pMemMgr->Reallocate(pData, SizeOf(nChars));
        if (pNew == NULL)
            return NULL;
        pData = static_cast<StringData *>(pNew);
        pData->nAllocLength = nChars;
        return pData;
    }

    void Free(StringData *pData)
    {
        m_pMemMgr->Free(pData);
    }

    size_t GetSize(StringData *pData)
    {
        return m_pMemMgr->GetSize(pData);
    }

  private:
    static size_t SizeOf(int nChars)
    {
        int nAligned = AtlAlignUp(nChars + 1, 8);
        size_t nTotalSize = 0;
        if (nAligned < nChars ||
            FAILED(AtlAdd(&nTotalSize, static_cast<size_t>(nAligned), sizeof(StringData))))
            AtlThrow(E_OUTOFMEMORY);
        return nTotalSize;
    }

    IAtlMemMgr *m_pMemMgr;
};

// Appends until the string has 100,000 characters or memory is refused, and returns the length that
// it reached. Every character up to that must be as it was written.
static int Grow(IAtlMemMgr *pMemMgr)
{
    StringManager manager(pMemMgr);
    StringData *pData = manager.Allocate(15);
    REQUIRE(pData != NULL);
    while (pData->nDataLength < 100000) {
        if (pData->nDataLength == pData->nAllocLength) {
            size_t nSize = manager.GetSize(pData);
            StringData *pNew = manager.Reallocate(pData, pData->nAllocLength * 2);
            if (pNew == NULL) {
                REQUIRE(manager.GetSize(pData) == nSize);
                break;
            }
            pData = pNew;
        }
        pData->data()[pData->nDataLength] = static_cast<char>('a' + pData->nDataLength % 26);
        pData->nDataLength++;
    }
    int nLength = pData->nDataLength;
    for (int i = 0; i < nLength; i++)
        REQUIRE(pData->data()[i] == 'a' + i % 26);
    manager.Free(pData);
    return nLength;
}

int main()
{
    CComHeap com;
    CCRTHeap crt;
    CWin32Heap win32(0, 0, 0);
    REQUIRE(Grow(&com) == 100000);
    REQUIRE(Grow(&crt) == 100000);
    REQUIRE(Grow(&win32) == 100000);

    // Blocks of these two stay in place, beside their neighbours.
    CLocalHeap local;
    CGlobalHeap global;
    IAtlMemMgr *fixed[] = {&local, &global};
    for (IAtlMemMgr *pMemMgr : fixed) {
        int nLength = Grow(pMemMgr);
        REQUIRE(nLength >= 15 && nLength < 100000);
    }
    return 0;
}
