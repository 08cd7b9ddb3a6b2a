// A class with a heap of its own, a heap over that of the process, and a manager of the program's
// that counts. Its methods say nothing about exceptions.

#include <atlmem.h>

#include "require.h"

class CCountingMgr : public IAtlMemMgr
{
  public:
    explicit CCountingMgr(IAtlMemMgr *pInner) : m_pInner(pInner), m_nLive(0)
    {
    }
    virtual ~CCountingMgr()
    {
    }

    virtual void *Allocate(size_t nBytes)
    {
        void *p = m_pInner->Allocate(nBytes);
        if (p != NULL)
            m_nLive++;
        return p;
    }
    virtual void Free(void *p)
    {
        if (p != NULL)
            m_nLive--;
        m_pInner->Free(p);
    }
    virtual void *Reallocate(void *p, size_t nBytes)
    {
        return m_pInner->Reallocate(p, nBytes);
    }
    virtual size_t GetSize(void *p)
    {
        return m_pInner->GetSize(p);
    }

    int Live() const
    {
        return m_nLive;
    }

  private:
    IAtlMemMgr *m_pInner;
    int m_nLive;
};

class CDocument
{
  public:
    explicit CDocument(IAtlMemMgr *pMgr) : m_pMgr(pMgr), m_pText(NULL)
    {
    }
    ~CDocument()
    {
        m_pMgr->Free(m_pText);
    }
    BOOL SetText(LPCWSTR pszText)
    {
        size_t cb = (wcslen(pszText) + 1) * sizeof(WCHAR);
        void *pv = m_pMgr->Reallocate(m_pText, cb);
        if (pv == NULL)
            return FALSE;
        m_pText = static_cast<LPWSTR>(pv);
        memcpy(m_pText, pszText, cb);
        return TRUE;
    }
    LPCWSTR GetText() const
    {
        return m_pText;
    }

  private:
    IAtlMemMgr *m_pMgr;
    LPWSTR m_pText;
};

static CWin32Heap g_heap(0, 0, 0);

int main()
{
    HANDLE hProcess = GetProcessHeap();
    REQUIRE(hProcess != NULL);
    CWin32Heap process(hProcess);
    CCountingMgr counting(&process);
    {
        void *pv = counting.Allocate(100);
        CDocument document(&g_heap);
        REQUIRE(document.SetText(L"short") && document.SetText(L"and then a longer one"));
        REQUIRE(wcscmp(document.GetText(), L"and then a longer one") == 0);
        REQUIRE(counting.Live() == 1 && counting.GetSize(pv) == 100);
        counting.Free(pv);
    }
    REQUIRE(counting.Live() == 0);

    CWin32Heap bounded(HEAP_NO_SERIALIZE, 0, 1024 * 1024);
    void *pv = bounded.Allocate(2 * 1024 * 1024);
    REQUIRE(pv == NULL);
    HANDLE hBounded = bounded.Detach();
    process.Detach();
    process.Attach(hBounded, true);
    REQUIRE(process.Allocate(100) != NULL);

    try {
        CWin32Heap raises(HEAP_GENERATE_EXCEPTIONS, 0);
        REQUIRE(!"a heap whose methods throw");
    } catch (CAtlException &e) {
        REQUIRE(e.m_hr == E_INVALIDARG);
    }
    return 0;
}
