// COM as an extension: CoTaskMem* and IMalloc in front of a subject's heap, and spies on its calls.
#ifndef COM_COM_H
#define COM_COM_H

#include "laws/heap.h"

/// Offer the faces alone, or also the verbs of a spy.
extern const struct extension com_faces, com_faces_and_spies;

#endif
