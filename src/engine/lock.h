// The lock around a heap.
#ifndef COMHEAP_ENGINE_LOCK_H
#define COMHEAP_ENGINE_LOCK_H

#include <pthread.h>

struct ch_lock {
    pthread_mutex_t mutex;
};

static inline void ch_lock_open(struct ch_lock *lock)
{
    (void)pthread_mutex_init(&lock->mutex, NULL); // Can't fail with default attributes.
}

static inline void ch_lock_close(struct ch_lock *lock)
{
    (void)pthread_mutex_destroy(&lock->mutex);
}

static inline void ch_lock_take(struct ch_lock *lock)
{
    (void)pthread_mutex_lock(&lock->mutex);
}

static inline void ch_lock_give(struct ch_lock *lock)
{
    (void)pthread_mutex_unlock(&lock->mutex);
}

#endif
