// CHeapPtrList, ATL's list of owning pointers. The other collections of ATL's header are not here.
#ifndef COMHEAP_ATL_ATLCOLL_H
#define COMHEAP_ATL_ATLCOLL_H

#include <new>

#include "atlalloc.h"

CH_RESERVED_NAMES_BEGIN

/// A place in a list. NULL is behind the last and before the first element. As ATL's, it is in no
/// namespace.
struct __POSITION;
typedef __POSITION *POSITION;

CH_RESERVED_NAMES_END

namespace ATL
{

/// A doubly linked list whose elements are owners: each frees its block when it leaves the list,
/// and when the list ends. A call that takes an owner takes its block. Every call that adds an
/// element throws E_OUTOFMEMORY iff there is no memory for it. The owner then keeps the block.
///
/// Calls that need an element must find one. A position is valid until its element is removed.
/// ATL's Find, AddHeadList, AddTailList, SwapElements and AssertValid are not here.
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

    /// Return an element, which stays in the list.
    Owner &GetHead() noexcept
    {
        return GetAt(GetHeadPosition());
    }
    const Owner &GetHead() const noexcept
    {
        return GetAt(GetHeadPosition());
    }
    Owner &GetTail() noexcept
    {
        return GetAt(GetTailPosition());
    }
    const Owner &GetTail() const noexcept
    {
        return GetAt(GetTailPosition());
    }
    Owner &GetAt(POSITION pos) noexcept
    {
        return NodeAt(pos)->m_owner;
    }
    const Owner &GetAt(POSITION pos) const noexcept
    {
        return NodeAt(pos)->m_owner;
    }

    POSITION GetHeadPosition() const noexcept
    {
        return PositionOf(m_pHead);
    }
    POSITION GetTailPosition() const noexcept
    {
        return PositionOf(m_pTail);
    }
    /// Return the element at pos, and move pos to the next or the previous one.
    Owner &GetNext(POSITION &pos) noexcept
    {
        Node *node = NodeAt(pos);
        pos = PositionOf(node->m_pNext);
        return node->m_owner;
    }
    const Owner &GetNext(POSITION &pos) const noexcept
    {
        return const_cast<CHeapPtrList *>(this)->GetNext(pos);
    }
    Owner &GetPrev(POSITION &pos) noexcept
    {
        Node *node = NodeAt(pos);
        pos = PositionOf(node->m_pPrev);
        return node->m_owner;
    }
    const Owner &GetPrev(POSITION &pos) const noexcept
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

    /// Add an element and return its position. Without an owner it has no block.
    POSITION AddHead()
    {
        return AddHead(Owner());
    }
    POSITION AddHead(Owner &owner)
    {
        return Insert(owner, nullptr, m_pHead);
    }
    POSITION AddHead(Owner &&owner)
    {
        return AddHead(owner);
    }
    POSITION AddTail()
    {
        return AddTail(Owner());
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
    POSITION InsertBefore(POSITION pos, Owner &&owner)
    {
        return InsertBefore(pos, owner);
    }
    POSITION InsertAfter(POSITION pos, Owner &owner)
    {
        return pos == nullptr ? AddTail(owner) : Insert(owner, NodeAt(pos), NodeAt(pos)->m_pNext);
    }
    POSITION InsertAfter(POSITION pos, Owner &&owner)
    {
        return InsertAfter(pos, owner);
    }

    /// Frees the block of an element, which gets another one.
    void SetAt(POSITION pos, Owner &owner) noexcept
    {
        GetAt(pos) = owner;
    }
    void SetAt(POSITION pos, Owner &&owner) noexcept
    {
        SetAt(pos, owner);
    }

    /// Move an element to an end of the list. Its position stays valid.
    void MoveToHead(POSITION pos) noexcept
    {
        Unlink(NodeAt(pos));
        Link(NodeAt(pos), nullptr, m_pHead);
    }
    void MoveToTail(POSITION pos) noexcept
    {
        Unlink(NodeAt(pos));
        Link(NodeAt(pos), m_pTail, nullptr);
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
        Unlink(NodeAt(pos));
        m_nElements--;
        delete NodeAt(pos);
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
        Node *node = new (std::nothrow) Node{nullptr, nullptr, Owner()};
        if (node == nullptr) {
            AtlThrow(static_cast<ch_hresult>(0x8007000E)); // E_OUTOFMEMORY.
        }
        node->m_owner = owner;
        Link(node, prev, next);
        m_nElements++;
        return PositionOf(node);
    }

    void Link(Node *node, Node *prev, Node *next) noexcept
    {
        node->m_pPrev = prev;
        node->m_pNext = next;
        (prev == nullptr ? m_pHead : prev->m_pNext) = node;
        (next == nullptr ? m_pTail : next->m_pPrev) = node;
    }

    void Unlink(Node *node) noexcept
    {
        (node->m_pPrev == nullptr ? m_pHead : node->m_pPrev->m_pNext) = node->m_pNext;
        (node->m_pNext == nullptr ? m_pTail : node->m_pNext->m_pPrev) = node->m_pPrev;
    }

    Node *m_pHead;
    Node *m_pTail;
    size_t m_nElements;
};

} // namespace ATL

#endif
