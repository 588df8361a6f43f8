/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages between our processes, over AF_UNIX SOCK_SEQPACKET pairs. One table per direction
 * declares each message once; enum, names, sizes, rules and handler prototypes come from it.
 * A message that is short, long, unknown, not permitted now, repeated, or has the wrong number
 * of descriptors ends that peer: ipc_dispatch returns -1 and the caller closes it. Nothing here
 * ever ends the process, and no send ever blocks.
 *
 * Columns: NAME, handler, payload struct, states in which it is permitted, once or many, exact
 * number of descriptors.
 */
#ifndef COMMON_IPC_H
#define COMMON_IPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ipc_payload.h"

#define IPC_CONTROL_FD	3	/* control channel of every child */
#define IPC_MAX_PAYLOAD	4096
#define IPC_MAX_FDS	2

enum ipc_times { IPC_MANY, IPC_ONCE };

/* States of a peer, as bits; what each means is said beside the tables. */
#define S_NEW	0x01u	/* nothing heard yet */
#define S_UP	0x02u	/* READY, or a broker in charge */
#define S_GREET	0x04u	/* worker: has a connection, nobody knows yet whose */
#define S_ASKED	0x08u	/* worker: Connect told to the broker, no answer yet */
#define S_CTRL	0x10u	/* worker: is a controller */
#define S_GIVE	0x20u	/* worker: greeter of an I/O queue that was accepted */
#define S_OLD	0x40u	/* broker: is being replaced; worker: is on its way out */
#define S_ANY	0xffu

/* First words to a child, on its control channel, before the broker has the other end. */
#define IPC_WARDEN_TO_CHILD(X) \
	X(JAIL, jail, ipc_jail, S_NEW, IPC_ONCE, 1)	/* root directory */ \
	X(DOOR, door, ipc_empty, S_NEW, IPC_ONCE, 1)	/* worker: where its connection arrives */ \
	X(PATH, path, ipc_path, S_NEW, IPC_ONCE, 0)	/* opener: the only name it may open */

/* Broker: S_NEW until HELD_END, then S_UP. Only a broker that said BROKER_READY sees CHILD and GO. */
#define IPC_WARDEN_TO_BROKER(X) \
	X(HELD, held, ipc_held, S_ANY, IPC_MANY, 1) \
	X(HELD_END, held_end, ipc_empty, S_NEW, IPC_ONCE, 0) \
	X(CHILD, child, ipc_child, S_UP, IPC_MANY, 1) \
	X(CHILD_RECORD, child_record, ipc_child, S_UP, IPC_MANY, 1) \
	X(GO, go, ipc_empty, S_UP, IPC_ONCE, 0) \
	X(SPAWNED, spawned, ipc_spawned, S_UP, IPC_MANY, 1)	/* control channel */ \
	X(SPAWNED_WORKER, spawned_worker, ipc_spawned, S_UP, IPC_MANY, 2) /* control, door */ \
	X(SPAWN_FAILED, spawn_failed, ipc_spawn_failed, S_UP, IPC_MANY, 0) \
	X(CHILD_GONE, child_gone, ipc_child_gone, S_UP, IPC_MANY, 0) \
	X(SHUTDOWN, shutdown, ipc_empty, S_UP, IPC_ONCE, 0)

/* Warden's view: a broker is S_NEW until BROKER_READY, S_UP when it is in charge, S_OLD after. */
#define IPC_BROKER_TO_WARDEN(X) \
	X(SETTINGS, settings, ipc_settings, S_NEW, IPC_ONCE, 0) \
	X(PATH_ADD, path_add, ipc_path_add, S_NEW, IPC_MANY, 0) \
	X(HOLD, hold, ipc_held, S_NEW | S_UP, IPC_MANY, 1) \
	X(DROP, drop, ipc_held, S_UP, IPC_MANY, 0) \
	X(SPAWN, spawn, ipc_spawn, S_NEW | S_UP, IPC_MANY, 0) /* S_NEW: openers only */ \
	X(KILL, kill, ipc_child_ref, S_NEW | S_UP, IPC_MANY, 0) \
	X(RECORD, record, ipc_child_ref, S_UP, IPC_MANY, 1) \
	X(RELEASE, release, ipc_child_ref, S_UP, IPC_MANY, 0) /* drained: the uid is free */ \
	X(BROKER_READY, broker_ready, ipc_empty, S_NEW, IPC_ONCE, 0) \
	X(ALIVE, alive, ipc_status, S_UP, IPC_MANY, 0) \
	X(DRAINED, drained, ipc_empty, S_UP, IPC_ONCE, 0)

#define IPC_BROKER_TO_LISTENER(X) \
	X(LISTEN, listen, ipc_listen, S_UP, IPC_MANY, 1) \
	X(GREET_LIMITS, greet_limits, ipc_greet_limits, S_UP, IPC_MANY, 0) \
	X(SPARE, spare, ipc_slot, S_UP, IPC_MANY, 1)	/* door */ \
	X(GREETED, greeted, ipc_slot, S_UP, IPC_MANY, 0) \
	X(UNLISTEN, unlisten, ipc_empty, S_UP, IPC_MANY, 0) /* close all listening sockets and spares */

#define IPC_LISTENER_TO_BROKER(X) \
	X(LISTENER_READY, listener_ready, ipc_ready, S_NEW, IPC_ONCE, 0) \
	X(GREETING, greeting, ipc_greeting, S_UP, IPC_MANY, 0)	/* always before the door opens */ \
	X(LISTENER_LOG, listener_log, ipc_log, S_UP, IPC_MANY, 0)

/* The door: one message ever, then both ends close. */
#define IPC_LISTENER_TO_WORKER(X) \
	X(CONNECTION, connection, ipc_empty, S_NEW, IPC_ONCE, 1)

/*
 * Worker: S_NEW until HELLO, S_UP while spare, S_GREET with a connection, S_ASKED after CONNECT or
 * QUEUE, then S_CTRL (it is the controller) or S_GIVE (it hands its queue over and exits).
 */
#define IPC_BROKER_TO_WORKER(X) \
	X(HELLO, hello, ipc_hello, S_NEW, IPC_ONCE, 0) \
	X(NS, ns, ipc_ns, S_ASKED | S_CTRL, IPC_MANY, 1) \
	X(NS_CHANGE, ns_change, ipc_ns, S_CTRL, IPC_MANY, 0)	/* its device stays the same */ \
	X(NS_GONE, ns_gone, ipc_ns_gone, S_CTRL, IPC_MANY, 0) \
	X(RESV_ANSWER, resv_answer, ipc_resv_answer, S_CTRL, IPC_MANY, 0) \
	X(RESV_REPORT, resv_report, ipc_resv_report, S_CTRL, IPC_MANY, 0) \
	X(RESV_NOTICE, resv_notice, ipc_resv_notice, S_CTRL, IPC_MANY, 0) \
	X(RESV_AGAIN, resv_again, ipc_empty, S_CTRL, IPC_MANY, 0) /* a new broker: ask it, too */ \
	X(PAGE, page, ipc_page, S_ASKED | S_CTRL, IPC_MANY, 1)	/* discovery log, sealed */ \
	X(ADMIT, admit, ipc_admit, S_ASKED, IPC_ONCE, 0) \
	X(REFUSE, refuse, ipc_refuse, S_ASKED, IPC_ONCE, 0) \
	X(QUEUE_OK, queue_ok, ipc_queue_ref, S_ASKED, IPC_ONCE, 0) \
	X(QUEUE_ASK, queue_ask, ipc_queue_ask, S_CTRL, IPC_MANY, 0) \
	X(QUEUE_GIVE, queue_give, ipc_queue_handoff, S_CTRL, IPC_MANY, 1) \
	X(QUEUE_CANCEL, queue_cancel, ipc_queue_ref, S_CTRL, IPC_MANY, 0) \
	X(PING, ping, ipc_ping, S_ANY & ~S_NEW, IPC_MANY, 0) \
	X(RANGE_HOLD, range_hold, ipc_range, S_ASKED | S_CTRL, IPC_MANY, 0) \
	X(RANGE_FREE, range_free, ipc_range_ref, S_ASKED | S_CTRL, IPC_MANY, 0) \
	X(RANGE_GRANT, range_grant, ipc_range_ref, S_CTRL, IPC_MANY, 0) \
	X(RANGE_RESET, range_reset, ipc_empty, S_ASKED | S_CTRL, IPC_MANY, 0) /* a new broker */ \
	X(LEAVE, leave, ipc_empty, S_ANY & ~S_NEW, IPC_MANY, 0)	/* drain, flush, exit */

/* The broker's view of a worker has the same states; S_UP until the listener told its greeting. */
#define IPC_WORKER_TO_BROKER(X) \
	X(WORKER_READY, worker_ready, ipc_ready, S_NEW, IPC_ONCE, 0) \
	X(CONNECT, connect, ipc_connect, S_UP | S_GREET, IPC_ONCE, 0) \
	X(QUEUE, queue, ipc_connect, S_UP | S_GREET, IPC_ONCE, 0) \
	X(QUEUE_ANSWER, queue_answer, ipc_queue_answer, S_CTRL, IPC_MANY, 0) \
	X(QUEUE_HAND, queue_hand, ipc_queue_handoff, S_GREET | S_GIVE, IPC_ONCE, 1) \
	X(RESV, resv, ipc_resv, S_CTRL, IPC_MANY, 0) \
	X(FENCED, fenced, ipc_fence, S_CTRL, IPC_MANY, 0) \
	X(STATE, state, ipc_state, S_CTRL, IPC_MANY, 0) \
	X(PONG, pong, ipc_ping, S_ANY, IPC_MANY, 0) \
	X(RANGE_LOCK, range_lock, ipc_range, S_CTRL, IPC_MANY, 0)	/* answer: RANGE_GRANT */ \
	X(RANGE_UNLOCK, range_unlock, ipc_range_ref, S_CTRL, IPC_MANY, 0) \
	X(RANGE_HELD, range_held, ipc_range_ref, S_ASKED | S_CTRL, IPC_MANY, 0) \
	X(RANGE_RESET_DONE, range_reset_done, ipc_empty, S_ASKED | S_CTRL, IPC_MANY, 0) \
	X(WORKER_LOG, worker_log, ipc_log, S_ANY, IPC_MANY, 0)

/* An opener does one of these, answers once, and exits. */
#define IPC_BROKER_TO_OPENER(X) \
	X(CLAIM, claim, ipc_claim, S_UP, IPC_ONCE, 0) \
	X(REOPEN, reopen, ipc_reopen, S_UP, IPC_ONCE, 1)	/* the claim */ \
	X(DRAIN, drain, ipc_drain, S_UP, IPC_ONCE, 1) \
	X(STORE, store, ipc_store, S_UP, IPC_ONCE, 0)	/* a file of the state directory */

#define IPC_OPENER_TO_BROKER(X) \
	X(CLAIMED, claimed, ipc_claimed, S_NEW, IPC_ONCE, 1) \
	X(REOPENED, reopened, ipc_drain, S_NEW, IPC_ONCE, 1) \
	X(DRAIN_DONE, drain_done, ipc_drain, S_NEW, IPC_ONCE, 0) \
	X(STORED, stored, ipc_empty, S_NEW, IPC_ONCE, 0) \
	X(OPEN_FAILED, open_failed, ipc_open_failed, S_NEW, IPC_ONCE, 0)

/* Over the control socket; the operator's side is trusted no more than any local user's. */
#define IPC_CTL_TO_BROKER(X) \
	X(CTL_REQUEST, ctl_request, ctl_request, S_UP, IPC_MANY, 0) \
	X(CTL_ANA_SET, ctl_ana_set, ctl_ana_set, S_UP, IPC_MANY, 0)

#define IPC_BROKER_TO_CTL(X) \
	X(CTL_REPLY, ctl_reply, ctl_reply, S_UP, IPC_MANY, 1)	/* sealed memfd of records */ \
	X(CTL_DONE, ctl_done, ctl_done, S_UP, IPC_MANY, 0)

#define IPC_ENUM_(NAME, fn, type, states, times, nfds) IPC_##NAME,
enum ipc_warden_to_child	{ IPC_WARDEN_TO_CHILD(IPC_ENUM_) IPC_WARDEN_TO_CHILD_MAX };
enum ipc_warden_to_broker	{ IPC_WARDEN_TO_BROKER(IPC_ENUM_) IPC_WARDEN_TO_BROKER_MAX };
enum ipc_broker_to_warden	{ IPC_BROKER_TO_WARDEN(IPC_ENUM_) IPC_BROKER_TO_WARDEN_MAX };
enum ipc_broker_to_listener	{ IPC_BROKER_TO_LISTENER(IPC_ENUM_) IPC_BROKER_TO_LISTENER_MAX };
enum ipc_listener_to_broker	{ IPC_LISTENER_TO_BROKER(IPC_ENUM_) IPC_LISTENER_TO_BROKER_MAX };
enum ipc_listener_to_worker	{ IPC_LISTENER_TO_WORKER(IPC_ENUM_) IPC_LISTENER_TO_WORKER_MAX };
enum ipc_broker_to_worker	{ IPC_BROKER_TO_WORKER(IPC_ENUM_) IPC_BROKER_TO_WORKER_MAX };
enum ipc_worker_to_broker	{ IPC_WORKER_TO_BROKER(IPC_ENUM_) IPC_WORKER_TO_BROKER_MAX };
enum ipc_broker_to_opener	{ IPC_BROKER_TO_OPENER(IPC_ENUM_) IPC_BROKER_TO_OPENER_MAX };
enum ipc_opener_to_broker	{ IPC_OPENER_TO_BROKER(IPC_ENUM_) IPC_OPENER_TO_BROKER_MAX };
enum ipc_ctl_to_broker		{ IPC_CTL_TO_BROKER(IPC_ENUM_) IPC_CTL_TO_BROKER_MAX };
enum ipc_broker_to_ctl		{ IPC_BROKER_TO_CTL(IPC_ENUM_) IPC_BROKER_TO_CTL_MAX };

/* A payload points into the receive buffer. Descriptors in fds[] that the handler does not take
 * (by writing -1 over them) are closed after it. Returns 0, or -1 to have the peer closed. */
typedef int ipc_handler(void *ctx, const void *payload, int *fds);

struct ipc_rule {
	const char *name;
	size_t size;		/* payload, bytes, exactly */
	uint32_t states;
	enum ipc_times times;
	unsigned nfds;		/* exactly */
	ipc_handler *handler;
};

struct ipc_table {
	const char *direction;
	const struct ipc_rule *rules;
	uint32_t count;
};

/*
 * Declares the handlers of a direction as `static int on_<handler>(void *ctx, const struct <type>
 * *, int *fds)` and defines its table under the name given. One use per file that receives it.
 */
#define IPC_PROTO_(NAME, fn, type, states_, times_, nfds_) \
	static int on_##fn(void *, const struct type *, int *); \
	static int thunk_##fn(void *c, const void *p, int *f) { return (on_##fn(c, p, f)); }
#define IPC_RULE_(NAME, fn, type, states_, times_, nfds_) \
	[IPC_##NAME] = { #NAME, sizeof(struct type), (states_), (times_), (nfds_), thunk_##fn },
#define IPC_RECEIVER(table, LIST) \
	LIST(IPC_PROTO_) \
	static const struct ipc_rule table##_rules[] = { LIST(IPC_RULE_) }; \
	static const struct ipc_table table = { #LIST, table##_rules, \
	    sizeof(table##_rules) / sizeof(table##_rules[0]) };

/* The other end of a channel. The owner sets fd, table, ctx and state; seen starts at 0. */
struct ipc_peer {
	int fd;
	const struct ipc_table *in;
	void *ctx;
	uint32_t state;		/* one S_ bit */
	uint32_t seen;		/* messages heard, by type: for IPC_ONCE */
	char why[96];		/* what was wrong, after ipc_dispatch returned -1 */
};

/* A connected pair, close-on-exec, non-blocking. Returns 0, or -1 with errno. */
int	ipc_pair(int fd[2]);

/* Makes fd deaf to descriptors: the other end's message with one fails there. For channels whose
 * incoming table has none. Returns 0, or -1 with errno (ENOPROTOOPT before Linux 6.16). */
int	ipc_refuse_fds(int fd);

/* Sends one message; fds stay the caller's. Returns 0, or -1 with errno (EAGAIN: the peer does not
 * read, which the caller answers by closing it). Never blocks, never raises SIGPIPE. */
int	ipc_send(int fd, uint32_t type, const void *payload, size_t size, const int *fds,
	    unsigned nfds);

/* Receives one message, checks it against the table and calls its handler. Returns 1 when one was
 * handled, 0 when there is none now (EAGAIN), -1 when the peer is to be closed: end of file, a
 * broken rule, or the handler's wish; peer->why says which. */
int	ipc_dispatch(struct ipc_peer *peer);

/* As ipc_dispatch, but waits up to timeout_ms for the message (start-up only). */
int	ipc_dispatch_wait(struct ipc_peer *peer, int timeout_ms);

/* Is text[0..size) terminated? */
bool	ipc_text_ok(const char *text, size_t size);

/* A sealed, read-only memfd with a copy of data (log pages, records). Returns fd or -1, errno. */
int	ipc_sealed(const char *name, const void *data, size_t size);

/* ipc_send with type, payload and size taken from one expression: IPC_SEND(fd, HELLO, &hello). */
#define IPC_SEND(fd, NAME, p)		ipc_send((fd), IPC_##NAME, (p), sizeof(*(p)), NULL, 0)
#define IPC_SEND_FD(fd, NAME, p, f)	ipc_send((fd), IPC_##NAME, (p), sizeof(*(p)), (f), 1)
#define IPC_SEND_FDS(fd, NAME, p, f, n)	ipc_send((fd), IPC_##NAME, (p), sizeof(*(p)), (f), (n))

#endif
