/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names by which a host knows a disk again: serial number, UUID, NGUID and EUI-64; and the NQN
 * by which it knows our discovery subsystem from those of other targets. What the
 * configuration gives is taken. The rest is made once, at random, and kept in the state directory;
 * without one it is derived from a key that is this machine's alone, so that it is the same at
 * every start. Nothing here is secret, and nothing is ever changed once it was told to a host.
 */
#ifndef BROKER_IDENTITY_H
#define BROKER_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

struct config;
struct config_errors;

enum { IDENTITY_KEY_SIZE = 32 };

/* The key of this machine: a hash of its id, from which the id cannot be found. -1 with errno when
 * the machine has no id. */
int	identity_machine_key(uint8_t key[IDENTITY_KEY_SIZE]);
int	identity_key_from_file(const char *path, uint8_t key[IDENTITY_KEY_SIZE]);

/* The subsystem that "serve" makes up. */
void	identity_subsystem_uuid(const uint8_t key[IDENTITY_KEY_SIZE], uint8_t uuid[16]);

/* Fill in every serial, UUID, NGUID, EUI-64 and the discovery NQN that is not set. key is used when there is no state
 * directory, and may be NULL when there is one. Opens and may write the state directory: to be
 * called before the process is confined. Returns -1 with errors; the file is then as it was. */
int	identity_fill(struct config *, const uint8_t *key, struct config_errors *);

/* The state directory, made when it is missing, locked against another broker that starts. -1: why,
 * in wrong. */
int	identity_state_dir(const char *dir, char *wrong, size_t size);

#endif
