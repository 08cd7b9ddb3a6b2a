// Uses of an owner that would make a second one of its block, each beside the use that is right:
// EITHER(wrong, right). atl-refused wants an error in each line that has one, and in no other, for
// each OWNER.

#include <atlmem.h>

#include <utility>

#ifdef WRONG
#define EITHER(wrong, right) wrong
#else
#define EITHER(wrong, right) right
#endif

class CDerivedPtr : public CHeapPtr<int, CComAllocator>
{
};

void Take(OWNER)
{
}

void CopyOwner(OWNER &owner, const OWNER &constant)
{
    (void)constant; // Not named where every use is right.
    OWNER direct(EITHER(constant, owner));
    OWNER copied = EITHER(constant, owner);
    OWNER braced{EITHER(constant, owner)};
    OWNER moved(std::move(EITHER(constant, owner)));
    copied = EITHER(constant, owner);
    copied = std::move(EITHER(constant, owner));
    Take(EITHER(constant, owner));
    copied.Attach(EITHER(constant, owner.Detach()));
    copied.Attach(EITHER(owner, owner.Detach()));
}

void MakeAnOwnerOfAnotherType(CComHeapPtr<int> &task, CHeapPtr<int> &crt)
{
    CHeapPtr<int> to_crt(EITHER(task, crt));
    CHeapPtr<int> moved_to_crt(std::move(EITHER(task, crt)));
    CComHeapPtr<int> to_task(EITHER(crt, task));
    CComHeapPtr<int> moved_to_task(std::move(EITHER(crt, task)));
    CHeapPtr<void> to_void(EITHER(crt, crt.Detach()));
    to_crt = EITHER(task, crt);
    to_task = EITHER(crt, task);
}
