// CHeapPtrList, ATL's list of owning pointers. The other collections of ATL's header are not here.
#ifndef COMHEAP_ATL_ATLCOLL_H
#define COMHEAP_ATL_ATLCOLL_H

#include <new>

#include "atlalloc.h"

namespace ATL
{

/// A place in a list. NULL is behind the last and before the first element.
typedef struct CPosition *POSITION;

/// A doubly linked list whose elements own their blocks. An element that leaves the list, or a list
/// that ends, frees its blocks. Every call that adds an element takes the block from its owner. It
/// throws E_OUTOFMEMORY iff there is no memory for the element. The owner then keeps the block.
///
/// Calls that need an element must find one. A position is valid until its element is removed.
template <typename E, class Allocator = CCRTAllocator> class CHeapPtrList
{
  public:
    typedef CHeapPtr<E, Allocator> Owner;

    /// ATL takes nodes in blocks of nBlockSize. Here each node is one of its own.
    explicit CHeapPtrList(unsigned int nBlockSize = 10) noexcept
        : m_pHead(nullptr), m_pTail(nullptr), m_nElements(0)
    {
        (void)nBlockSize;
    }
    ~CHeapPtrList() noexcept
    {
        RemoveAll();
    }
    CHeapPtrList(const CHeapPtrList &) = delete;
    CHeapPtrList &operator=(const CHeapPtrList &) = delete;

    size_t GetCount() const noexcept
    {
        return m_nElements;
    }
    bool IsEmpty() const noexcept
    {
        return m_nElements == 0;
    }

    /// Return the block of an element, which the list still owns.
    E *&GetHead() noexcept
    {
        return GetAt(GetHeadPosition());
    }
    E *GetHead() const noexcept
    {
        return GetAt(GetHeadPosition());
    }
    E *&GetTail() noexcept
    {
        return GetAt(GetTailPosition());
    }
    E *GetTail() const noexcept
    {
        return GetAt(GetTailPosition());
    }
    E *&GetAt(POSITION pos) noexcept
    {
        return NodeAt(pos)->m_owner.m_pData;
    }
    E *GetAt(POSITION pos) const noexcept
    {
        return NodeAt(pos)->m_owner.m_pData;
    }

    POSITION GetHeadPosition() const noexcept
    {
        return PositionOf(m_pHead);
    }
    POSITION GetTailPosition() const noexcept
    {
        return PositionOf(m_pTail);
    }
    /// Return the block at pos, and move pos to the next or the previous element.
    E *&GetNext(POSITION &pos) noexcept
    {
        Node *node = NodeAt(pos);
        pos = PositionOf(node->m_pNext);
        return node->m_owner.m_pData;
    }
    E *GetNext(POSITION &pos) const noexcept
    {
        return const_cast<CHeapPtrList *>(this)->GetNext(pos);
    }
    E *&GetPrev(POSITION &pos) noexcept
    {
        Node *node = NodeAt(pos);
        pos = PositionOf(node->m_pPrev);
        return node->m_owner.m_pData;
    }
    E *GetPrev(POSITION &pos) const noexcept
    {
        return const_cast<CHeapPtrList *>(this)->GetPrev(pos);
    }
    /// Returns the position of the element with this index, from 0 on, or NULL iff there is none.
    POSITION FindIndex(size_t iElement) const noexcept
    {
        Node *node = m_pHead;
        for (; node != nullptr && iElement > 0; iElement--) {
            node = node->m_pNext;
        }
        return PositionOf(node);
    }

    /// Add an element and return its position.
    POSITION AddHead(Owner &owner)
    {
        return Insert(owner, nullptr, m_pHead);
    }
    POSITION AddHead(Owner &&owner)
    {
        return AddHead(owner);
    }
    POSITION AddTail(Owner &owner)
    {
        return Insert(owner, m_pTail, nullptr);
    }
    POSITION AddTail(Owner &&owner)
    {
        return AddTail(owner);
    }
    POSITION InsertBefore(POSITION pos, Owner &owner)
    {
        return pos == nullptr ? AddHead(owner) : Insert(owner, NodeAt(pos)->m_pPrev, NodeAt(pos));
    }
    POSITION InsertAfter(POSITION pos, Owner &owner)
    {
        return pos == nullptr ? AddTail(owner) : Insert(owner, NodeAt(pos), NodeAt(pos)->m_pNext);
    }

    /// Remove an element. Its block goes to the returned owner, or is freed.
    Owner RemoveHead() noexcept
    {
        Owner owner(NodeAt(GetHeadPosition())->m_owner);
        RemoveHeadNoReturn();
        return owner;
    }
    Owner RemoveTail() noexcept
    {
        Owner owner(NodeAt(GetTailPosition())->m_owner);
        RemoveTailNoReturn();
        return owner;
    }
    void RemoveHeadNoReturn() noexcept
    {
        RemoveAt(GetHeadPosition());
    }
    void RemoveTailNoReturn() noexcept
    {
        RemoveAt(GetTailPosition());
    }
    void RemoveAt(POSITION pos) noexcept
    {
        Node *node = NodeAt(pos);
        (node->m_pPrev == nullptr ? m_pHead : node->m_pPrev->m_pNext) = node->m_pNext;
        (node->m_pNext == nullptr ? m_pTail : node->m_pNext->m_pPrev) = node->m_pPrev;
        m_nElements--;
        delete node;
    }
    void RemoveAll() noexcept
    {
        while (!IsEmpty()) {
            RemoveHeadNoReturn();
        }
    }

  private:
    struct Node {
        Node *m_pPrev;
        Node *m_pNext;
        Owner m_owner;
    };

    static Node *NodeAt(POSITION pos) noexcept
    {
        ATLASSERT(pos != nullptr);
        return reinterpret_cast<Node *>(pos);
    }
    static POSITION PositionOf(Node *node) noexcept
    {
        return reinterpret_cast<POSITION>(node);
    }

    POSITION Insert(Owner &owner, Node *prev, Node *next)
    {
        Node *node = new (std::nothrow) Node{prev, next, Owner()};
        if (node == nullptr) {
            AtlThrow(static_cast<ch_hresult>(0x8007000E)); // E_OUTOFMEMORY.
        }
        node->m_owner = owner;
        (prev == nullptr ? m_pHead : prev->m_pNext) = node;
        (next == nullptr ? m_pTail : next->m_pPrev) = node;
        m_nElements++;
        return PositionOf(node);
    }

    Node *m_pHead;
    Node *m_pTail;
    size_t m_nElements;
};

} // namespace ATL

#endif
