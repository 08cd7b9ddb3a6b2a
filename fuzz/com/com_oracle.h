// Answers of COM's own calls against the law `com`.
#ifndef COM_COM_ORACLE_H
#define COM_COM_ORACLE_H

#include "com/com_calls.h"

/// Checks CoGetMalloc's answer for a context, and the pointer that it stored over one that is not
/// NULL.
void com_oracle_got_malloc(const IMalloc *expected, DWORD context, HRESULT result,
                           const IMalloc *malloc);

/// Checks QueryInterface's answer for IUnknown, IMalloc or an unknown interface (0, 1, 2), and the
/// object that it stored over `preset`.
void com_oracle_queried(const struct com_calls *com, const IMalloc *expected, unsigned which,
                        HRESULT result, const void *object, const void *preset);

/// Check the answers of CoRegisterMallocSpy and CoRevokeMallocSpy.
void com_oracle_registered(HRESULT result, HRESULT expected);
void com_oracle_revoked(HRESULT result, HRESULT expected);

#endif
