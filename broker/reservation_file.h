/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of what survives the loss of power of a namespace's reservations (with PTPL) and of its
 * write protection, in the state directory. It is read whole when a service starts and replaced whole
 * (durable.h). It says which namespace it is of, how long it is, and ends with a checksum: one that
 * was cut off, altered or belongs to another namespace is seen, and never believed.
 */
#ifndef BROKER_RESERVATION_FILE_H
#define BROKER_RESERVATION_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "broker/reservation.h"

enum {
	RESERVATION_ID = 32,
	RESERVATION_NAME = 48,		/* of the file, with its NUL */
	RESERVATION_FILE_MAX = 68 + 24 * RESERVATION_REGISTRANTS + 32,
};

/* Which namespace: not what it lies on, but what hosts know it by. */
void	reservation_id(uint8_t id[RESERVATION_ID], const char *nqn, uint32_t nsid,
	    const uint8_t uuid[16]);
void	reservation_name(char name[RESERVATION_NAME], const uint8_t id[RESERVATION_ID]);

/* Returns the length, at most RESERVATION_FILE_MAX. */
size_t	reservation_encode(const struct reservation *, const uint8_t id[RESERVATION_ID],
	    uint8_t *to);
/* 0, or -1: not such a file, or not of this namespace. */
int	reservation_decode(struct reservation *, const uint8_t id[RESERVATION_ID],
	    const uint8_t *from, size_t len);

/* Reads it. 0: *r is what it says, or empty when there is none. -1 with errno (EBADMSG: it is there
 * and cannot be believed), and *r is empty. */
int	reservation_read(struct reservation *, int dir, const uint8_t id[RESERVATION_ID]);

#endif
