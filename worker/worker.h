/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The map of a worker: the process that reads every byte of one host and owns nothing but the
 * descriptors it was handed. Each noun has a header, in which prototypes are grouped by the file
 * that has them; this one gathers them all, from the lane up to the controller:
 *
 *	lane.h		a thread, its turns; mail.h, pool.h, timer.h, memory.h, engine.h
 *	conn.h		a connection: PDUs, what is sent
 *	qpair.h		a queue; slot.h: a command of it, and what moves its data
 *	command.h	tables by opcode; fused.h, abort.h, aer.h, identify.h, logpage.h, feature.h
 *	ns.h		namespaces; ana.h, reservation.h, range.h: what others have to do with them
 *	controller.h	all of it, as lane 0 sees it
 *	greet.h, ask.h	before that, and the broker
 *
 * Life of a command: conn.c finds a CapsuleCmd and its length, qpair.c gives it a slot, the rule
 * of its opcode (admin.c, nvm.c, fabrics.c) judges it in prepare(), xfer.c brings its data in,
 * execute() does it, slot_done() or slot_done_data() (answer.c) answers it, conn.c sends the answer,
 * and the slot is free. All of it happens on the lane's thread.
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <sys/queue.h>
#include <sys/uio.h>

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ipc.h"
#include "common/nvme.h"
#include "common/pdu.h"
#include "common/sqe.h"
#include "worker/abort.h"
#include "worker/aer.h"
#include "worker/ana.h"
#include "worker/ask.h"
#include "worker/command.h"
#include "worker/conn.h"
#include "worker/controller.h"
#include "worker/engine.h"
#include "worker/feature.h"
#include "worker/fused.h"
#include "worker/greet.h"
#include "worker/identify.h"
#include "worker/lane.h"
#include "worker/logpage.h"
#include "worker/mail.h"
#include "worker/memory.h"
#include "worker/ns.h"
#include "worker/pool.h"
#include "worker/qpair.h"
#include "worker/range.h"
#include "worker/reservation.h"
#include "worker/slot.h"
#include "worker/timer.h"

#endif
