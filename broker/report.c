/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cellblockctl's questions, over the control socket: few clients, root's or the owner's, each with
 * one question at a time. A client that breaks a rule, does not read or is one too many is closed.
 * What sessions have counted is asked of them first, and waited for, but not for long.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/broker.h"

struct client {
	LIST_ENTRY(client) entry;
	struct broker *broker;
	struct channel ch;
	struct timer *wait;		/* for the sessions' counters */
	bool asked;			/* ... and has not been answered */
	struct ana_change *change;	/* that it waits for */
};

static LIST_HEAD(, client) clients = LIST_HEAD_INITIALIZER(clients);

IPC_RECEIVER(from_ctl, IPC_CTL_TO_BROKER)

static void
client_free(struct client *c)
{
	c->broker->ctl_clients--;
	if (c->change != NULL)
		ana_change_forget(c->change);
	LIST_REMOVE(c, entry);
	channel_close(&c->ch);
	timer_free(c->wait);
	free(c);
}

static void
client_closed(void *ctx, const char *why)
{
	if (!channel_ended(why))
		log_debug("control socket: %s", why);
	client_free(ctx);
}

/* ---- records ---- */

struct records {
	uint8_t *data;
	uint32_t n;
	size_t size;			/* bytes of each */
};

static struct ctl_session
session_row(const struct session *s)
{
	const struct ipc_record *r = s->record;
	struct ctl_session row;

	memset(&row, 0, sizeof(row));
	row.child = s->child;
	row.pid = s->pid;
	row.uid = s->uid;
	row.cntlid = r->cntlid;
	row.discovery = r->discovery;
	row.enabled = s->state.enabled;
	row.queues = s->state.queues;
	row.nns = r->nns;
	row.peer = r->peer;
	row.local = r->local;
	row.since_ms = r->since_ms;
	row.reads = s->state.reads;
	row.writes = s->state.writes;
	row.read_bytes = s->state.read_bytes;
	row.write_bytes = s->state.write_bytes;
	row.errors = s->state.errors;
	memcpy(row.hostnqn, r->hostnqn, sizeof(row.hostnqn));
	memcpy(row.subnqn, r->subnqn, sizeof(row.subnqn));
	return (row);
}

static bool
is_shown(const struct session *s)
{
	return (!s->gone && s->phase == SESSION_CONTROLLER && s->record != NULL);
}

static int
list_sessions(struct broker *b, struct records *out)
{
	struct ctl_session *rows;
	struct session *s;
	uint32_t n = 0;

	RB_FOREACH(s, session_tree, &b->sessions)
		n += is_shown(s);
	if ((rows = calloc(n + 1, sizeof(*rows))) == NULL)
		return (-1);
	*out = (struct records){ (uint8_t *)rows, n, sizeof(*rows) };
	RB_FOREACH(s, session_tree, &b->sessions)
		if (is_shown(s))
			*rows++ = session_row(s);
	return (0);
}

static uint32_t
count_users(struct broker *b, const struct backend *be)
{
	struct session *s;
	uint32_t n = 0;

	RB_FOREACH(s, session_tree, &b->sessions)
		n += is_shown(s) && record_names(s->record, be->key);
	return (n);
}

static struct ctl_namespace
namespace_row(struct broker *b, const struct backend *be)
{
	const struct config_namespace *ns = be->ns;
	struct ctl_namespace row;

	memset(&row, 0, sizeof(row));
	row.nsid = ns->nsid;
	row.state = be->state;
	row.readonly = ns->read_only || be->info.readonly || reserve_protects(be);
	row.users = count_users(b, be);
	row.kind = be->info.kind;
	if (be->state == NS_ONLINE) {
		row.block_size = be->info.block_size;
		row.nlbas = be->info.size / be->info.block_size;
	}
	memcpy(row.uuid, ns->uuid, sizeof(row.uuid));
	snprintf(row.subnqn, sizeof(row.subnqn), "%s", be->subsystem->nqn);
	if (ns->path != NULL)
		snprintf(row.path, sizeof(row.path), "%s", ns->path);
	else
		snprintf(row.path, sizeof(row.path), "ram:%llu", (unsigned long long)ns->ram);
	return (row);
}

static int
list_namespaces(struct broker *b, struct records *out)
{
	struct ctl_namespace *rows = calloc(b->nbackends + 1, sizeof(*rows));

	if (rows == NULL)
		return (-1);
	*out = (struct records){ (uint8_t *)rows, (uint32_t)b->nbackends, sizeof(*rows) };
	for (size_t i = 0; i < b->nbackends; i++)
		rows[i] = namespace_row(b, &b->backends[i]);
	return (0);
}

/* ---- ANA ---- */

static struct ctl_ana
ana_row_of(struct broker *b, const struct config_subsystem *s, uint32_t group, uint32_t listener)
{
	const struct ana_cell *cell = ana_find(b->ana, s, group, listener);
	struct ctl_ana row;

	memset(&row, 0, sizeof(row));
	row.group = group;
	row.configured = cell->configured;
	row.target = cell->target;
	row.state = cell->state;
	row.count = cell->count;
	snprintf(row.subnqn, sizeof(row.subnqn), "%s", s->nqn);
	config_listener_name(&b->config->listeners[listener], row.listener);
	return (row);
}

static uint32_t
list_groups(struct broker *b, const struct config_subsystem *s, struct ctl_ana *rows)
{
	uint32_t n = 0;

	for (size_t g = 0; g < s->nana_groups; g++)
		for (uint32_t l = 0; l < b->config->nlisteners; l++) {
			if (b->config->listeners[l].discovery)
				continue;
			if (rows != NULL)
				rows[n] = ana_row_of(b, s, s->ana_groups[g].id, l);
			n++;
		}
	return (n);
}

static int
list_ana(struct broker *b, struct records *out)
{
	const struct config *c = b->config;
	struct ctl_ana *rows;
	uint32_t n = 0;

	for (size_t i = 0; i < c->nsubsystems; i++)
		n += list_groups(b, &c->subsystems[i], NULL);
	if ((rows = calloc(n + 1, sizeof(*rows))) == NULL)
		return (-1);
	*out = (struct records){ (uint8_t *)rows, n, sizeof(*rows) };
	for (size_t i = 0; i < c->nsubsystems; i++)
		rows += list_groups(b, &c->subsystems[i], rows);
	return (0);
}

static int
rescan(struct broker *b, struct records *out)
{
	resize_look(b);
	return (list_namespaces(b, out));
}

static int (*const lists[])(struct broker *, struct records *) = {
	[CTL_SESSIONS] = list_sessions,
	[CTL_NAMESPACES] = list_namespaces,
	[CTL_ANA] = list_ana,
	[CTL_RESCAN] = rescan,
};

_Static_assert(sizeof(lists) / sizeof(lists[0]) == CTL_MAX, "a list per question");

static int
reply(struct client *c, uint32_t what)
{
	struct ctl_reply m = { .what = what };
	struct records r;
	int fd, sent;

	if (lists[what](c->broker, &r) == -1)
		return (-1);
	m.count = r.n;
	m.record_size = (uint32_t)r.size;
	fd = ipc_sealed("cellblock-report", r.data, r.n * r.size);
	free(r.data);
	if (fd == -1)
		return (-1);
	sent = IPC_SEND_FD(c->ch.peer.fd, CTL_REPLY, &m, &fd);
	close(fd);
	return (sent);
}

/* ---- sessions: their counters first ---- */

static bool
all_told(struct broker *b)
{
	struct session *s;

	RB_FOREACH(s, session_tree, &b->sessions)
		if (is_shown(s) && channel_is_open(&s->ch) && s->state.seq != s->ping)
			return (false);
	return (true);
}

static void
reply_sessions(struct client *c)
{
	c->asked = false;
	timer_stop(c->wait);
	if (reply(c, CTL_SESSIONS) == -1)
		client_free(c);
}

void
report_state(struct broker *b)
{
	struct client *c, *next;

	if (LIST_EMPTY(&clients) || !all_told(b))
		return;
	for (c = LIST_FIRST(&clients); c != NULL; c = next) {
		next = LIST_NEXT(c, entry);
		if (c->asked && c->change == NULL)
			reply_sessions(c);
	}
}

static void
wait_over(void *ctx)
{
	reply_sessions(ctx);
}

static int
on_ctl_request(void *ctx, const struct ctl_request *m, int *fds)
{
	struct client *c = ctx;

	(void)fds;
	if (m->version != CTL_VERSION || m->what >= CTL_MAX || c->asked)
		return (-1);
	if (m->what != CTL_SESSIONS)
		return (reply(c, m->what));
	c->asked = true;
	session_ping_all(c->broker);
	timer_set(c->wait, all_told(c->broker) ? 0 : CTL_WAIT_MS);
	return (0);
}

/* ---- ANA states that are set ---- */

static int
say_done(struct client *c, const char *why)
{
	struct ctl_done m;

	memset(&m, 0, sizeof(m));
	m.failed = why != NULL;
	snprintf(m.text, sizeof(m.text), "%s", why != NULL ? why : "");
	return (IPC_SEND(c->ch.peer.fd, CTL_DONE, &m));
}

static void
changed(void *ctx, const char *why)
{
	struct client *c = ctx;

	c->change = NULL;
	c->asked = false;
	if (say_done(c, why) == -1)
		client_free(c);
}

static int
on_ctl_ana_set(void *ctx, const struct ctl_ana_set *m, int *fds)
{
	struct client *c = ctx;
	const char *why;

	(void)fds;
	if (m->version != CTL_VERSION || c->asked)
		return (-1);
	c->change = ana_change(c->broker, m, changed, c, &why);
	c->asked = c->change != NULL;
	return (c->asked ? 0 : say_done(c, why));
}

/* ---- clients ---- */

static bool
is_welcome(struct broker *b, int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	return (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
	    (cred.uid == 0 || cred.uid == b->owner || cred.uid == b->jail.uid));
}

static void
client_comes(int listening, void *ctx)
{
	struct broker *b = ctx;
	struct client *c;
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd == -1)
		return;
	if (b->ctl_clients >= CTL_CLIENTS || !is_welcome(b, fd) ||
	    (c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return;
	}
	c->broker = b;
	b->ctl_clients++;
	LIST_INSERT_HEAD(&clients, c, entry);
	c->wait = timer_new(wait_over, c);
	if (channel_open(&c->ch, fd, &from_ctl, S_UP, c, client_closed) == -1)
		client_free(c);
}

void
report_init(struct broker *b, int listening)
{
	if (listening != -1 && loop_watch(listening, client_comes, b) == -1)
		log_warnx("control socket: out of memory");
}
