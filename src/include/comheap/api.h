// How the library's names are seen from outside of it.
//
// A shared library shows what is marked CH_API, and nothing else. On Windows the names of COM are
// the system's own, and stay that: there ours, which are another heap, begin with ch_.
#ifndef COMHEAP_API_H
#define COMHEAP_API_H

#if defined(CH_SHOWS_NOTHING) // A library that has this one inside.
#define CH_API
#elif !defined(_WIN32)
#define CH_API __attribute__((visibility("default")))
#elif defined(CH_BUILDS_DLL)
#define CH_API __declspec(dllexport)
#elif defined(CH_USES_DLL)
#define CH_API __declspec(dllimport)
#else
#define CH_API
#endif

/// The name under which a function of COM is ours.
#ifdef _WIN32
#define CH_COM(name) ch_##name
#else
#define CH_COM(name) name
#endif

// Define CH_TAKES_COM_NAMES before including a header, and the names mean ours in the code behind
// it on Windows too, as they do elsewhere.

#endif
