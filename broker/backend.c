/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices, files and RAM disks. A device or file is claimed through an opener and held by the
 * warden, and so is what the opener measured, so that the next broker need not open it again. A
 * RAM disk is made here, once. What cannot be had waits and is tried again; nothing waits for it.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/broker.h"

#ifndef F_SEAL_SEAL
#error "sealed memory files are needed for RAM disks"
#endif

static const char *
stage_text(const struct ipc_open_failed *why)
{
	static const char *const text[] = {
		[STAGE_OPEN] = "cannot be opened",
		[STAGE_TYPE] = "is neither a block device nor a regular file",
		[STAGE_CLAIM] = "is in use by somebody else",
		[STAGE_SIZE] = "has no size that can be used",
		[STAGE_REOPEN] = "cannot be opened again (was it replaced?)",
		[STAGE_LOCK] = "cannot be locked",
		[STAGE_STORE] = "cannot be stored",
	};

	_Static_assert(sizeof(text) / sizeof(text[0]) == STAGE_MAX, "a text per stage");
	if (why->error == ETIMEDOUT)
		return ("does not answer");
	return (text[why->stage]);
}

static const char *
remedy(const struct ipc_open_failed *why)
{
	if (why->stage == STAGE_REOPEN)
		return ("; it is claimed anew when nobody has it any more");
	switch (why->error) {
	case EACCES:
	case EPERM:
		return ("; add the service's user to the group of the device");
	case EBUSY:
	case EWOULDBLOCK:
		return ("; unmount it, or end who has it (lsof, dmsetup ls)");
	default:
		return ("");
	}
}

/* ---- waiting ---- */

static const char *
shown_path(const struct backend *be)
{
	return (be->ns->path != NULL ? be->ns->path : "its RAM disk");
}

static void
say_waiting(struct backend *be, const struct ipc_open_failed *why)
{
	if (why->stage == be->last.stage && why->error == be->last.error)
		return;		/* said before */
	be->last = *why;
	log_warnx("namespace %u of %s is waiting: %s %s: %s%s", be->ns->nsid, be->subsystem->nqn,
	    shown_path(be), stage_text(why), strerror((int)why->error), remedy(why));
}

/* Failures that say something about the moment, not about the device. */
static bool
is_passing(uint32_t error)
{
	return (error == ETIMEDOUT || error == ENOMEM || error == EMFILE || error == ENFILE ||
	    error == EAGAIN || error == EIO);
}

void
backend_stalled(struct backend *be, const struct ipc_open_failed *why)
{
	be->state = NS_WAITING;
	be->doubtful |= be->held != NULL && !is_passing(why->error);
	timer_set(be->retry, RETRY_MS);
	say_waiting(be, why);
}

static void
online(struct backend *be)
{
	be->state = NS_ONLINE;
	be->doubtful = false;
	if (be->last.error != 0 || be->broker->phase >= BROKER_IN_CHARGE)
		log_info("namespace %u of %s is online", be->ns->nsid, be->subsystem->nqn);
	memset(&be->last, 0, sizeof(be->last));
	live_all(be->broker);
}

/* ---- the page cache ---- */

static void
say_cache(struct backend *be, enum cache_way way)
{
	const struct ipc_claimed *c = &be->info;

	if (be->cache_said)
		return;
	be->cache_said = true;
	if (way == CACHE_NO_BLOCKS)
		log_warnx("namespace %u of %s is waiting: %s takes direct I/O in blocks of %u bytes "
		    "only; set block-size: 4096 or cache: page", be->ns->nsid, be->subsystem->nqn,
		    shown_path(be), c->dio_offset);
	else if (way == CACHE_NO_DIRECT)
		log_warnx("namespace %u of %s is waiting: %s has no direct I/O that can be used; set "
		    "cache: page", be->ns->nsid, be->subsystem->nqn, shown_path(be));
	else
		log_warnx("namespace %u of %s goes through the page cache: %s has no direct I/O that "
		    "can be used", be->ns->nsid, be->subsystem->nqn, shown_path(be));
}

/* It is held and measured. What can only be helped by another configuration is not tried again. */
static void
use(struct backend *be)
{
	enum cache_way way = cache_way((enum config_cache)be->ns->cache, &be->info);

	be->direct = way == CACHE_DIRECT;
	if (way != CACHE_DIRECT && way != CACHE_PAGE)
		say_cache(be, way);
	if (way != CACHE_NO_BLOCKS && way != CACHE_NO_DIRECT && !be->damaged)
		online(be);
}

/* ---- claims ---- */

static bool
claimed_ok(const struct ipc_claimed *c)
{
	return ((c->kind == BACKEND_BLOCK || c->kind == BACKEND_FILE) && c->block_size >= 512 &&
	    (c->block_size & (c->block_size - 1)) == 0 && c->size >= c->block_size &&
	    c->size <= INT64_MAX);
}

/* What was measured goes to the warden first: a claim that is held can always be used. */
static void
keep(struct backend *be, struct opener_result *r)
{
	struct broker *b = be->broker;
	struct held *page, *claim;
	int fd = ipc_sealed("cellblock-claimed", &r->claimed, sizeof(r->claimed));

	if (fd == -1 || (page = held_put(&b->held, HOLD_PAGE, be->key, fd)) == NULL)
		return;
	claim = held_put(&b->held, HOLD_CLAIM, be->key, r->fd);
	r->fd = -1;
	if (claim == NULL)
		return;
	page->wanted = claim->wanted = true;
	warden_hold(b, page);
	warden_hold(b, claim);
	be->held = claim;
	be->info = r->claimed;
	use(be);
}

static void
claim_done(void *ctx, struct opener_result *r)
{
	struct backend *be = ctx;
	struct ipc_open_failed no_memory = { STAGE_OPEN, ENOMEM };

	be->claiming = NULL;
	if (r->ok && claimed_ok(&r->claimed)) {
		keep(be, r);
		if (be->held == NULL)
			backend_stalled(be, &no_memory);
	} else
		backend_stalled(be, r->ok ? &no_memory : &r->why);
	if (be->broker->phase == BROKER_CLAIMING && !backends_pending(be->broker))
		start_claims_done(be->broker);
}

static void
try_claim(struct backend *be)
{
	if ((be->claiming = opener_claim(be, claim_done, be)) == NULL)
		timer_set(be->retry, RETRY_MS);
}

static bool is_named(struct broker *, const uint8_t key[HELD_KEY_SIZE]);

/* The path may mean another file or disk now. As long as somebody has the old one, it stays. */
static void
give_up_claim(struct backend *be)
{
	static const uint32_t kinds[] = { HOLD_CLAIM, HOLD_PAGE };
	struct broker *b = be->broker;
	struct held *h;

	if (be->path_index == NO_PATH || !be->doubtful || is_named(b, be->key))
		return;
	be->held = NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if ((h = held_find(&b->held, kinds[i], be->key)) == NULL)
			continue;
		warden_drop(b, h);
		held_forget(&b->held, h);
	}
}

/* A claim that was lost for a moment (an opener hung) is good again when none hangs any more. */
static void
retry_due(void *ctx)
{
	struct backend *be = ctx;

	if (be->state == NS_ONLINE || be->claiming != NULL)
		return;
	if (be->openers > 0) {	/* one that hangs is enough */
		timer_set(be->retry, RETRY_MS);
		return;
	}
	give_up_claim(be);
	if (be->held == NULL)
		try_claim(be);
	else
		use(be);
}

static void
told(void *ctx)
{
	const struct backend *be = ctx;

	log_info("namespace %u of %s: every controller knows its size", be->ns->nsid,
	    be->subsystem->nqn);
}

static void
tell_size(struct backend *be)
{
	struct broker *b = be->broker;
	struct fence *f = NULL;
	struct session *s;

	if (b->phase != BROKER_IN_CHARGE)
		return;
	log_print(LOG_NOTICE, "namespace %u of %s has %llu bytes now", be->ns->nsid,
	    be->subsystem->nqn, (unsigned long long)be->info.size);
	RB_FOREACH(s, session_tree, &b->sessions) {
		const struct ipc_record_ns *ns = record_ns(s, be->ns->nsid);

		if (s->gone || ns == NULL || session_backend(s, ns) != be)
			continue;
		if (f == NULL)
			f = fence_new(b, told, be);
		fence_tell(f, s, ns->nsid);
	}
}

/* A device that hangs does not hang in lseek. */
void
backend_measure(struct backend *be)
{
	off_t end = be->held != NULL ? lseek(be->held->fd, 0, SEEK_END) : -1;

	if (end < (off_t)be->info.block_size || (uint64_t)end == be->info.size)
		return;
	be->info.size = (uint64_t)end;
	tell_size(be);
}

/* A namespace that has become read-only keeps the claim by which it could be written: nobody loses
 * it for that. */
static void
prefer_old_claim(struct backend *be)
{
	uint8_t key[HELD_KEY_SIZE];

	if (!be->ns->read_only)
		return;
	held_key(key, HOLD_CLAIM, be->ns->path, false, be->ns->block_size);
	if (held_find(&be->broker->held, HOLD_CLAIM, key) != NULL)
		memcpy(be->key, key, sizeof(be->key));
}

static bool
adopt(struct backend *be)
{
	struct held *page = held_find(&be->broker->held, HOLD_PAGE, be->key);
	struct held *claim = held_find(&be->broker->held, HOLD_CLAIM, be->key);

	if (page == NULL || claim == NULL ||
	    pread(page->fd, &be->info, sizeof(be->info), 0) != (ssize_t)sizeof(be->info) ||
	    !claimed_ok(&be->info))
		return (false);
	page->wanted = claim->wanted = true;
	be->held = claim;
	backend_measure(be);
	use(be);
	return (true);
}

/* ---- RAM disks ---- */

static int
make_ram(uint64_t size)
{
	int fd = memfd_create("cellblock-ram", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int saved;

	if (fd == -1)
		return (-1);
	/* every page now, so that no tenant is charged for another's */
	if (ftruncate(fd, (off_t)size) == 0 && fallocate(fd, 0, 0, (off_t)size) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
		return (fd);
	saved = errno;
	close(fd);
	errno = saved;
	return (-1);
}

static void
describe_ram(struct backend *be)
{
	uint32_t lba = be->ns->block_size != 0 ? be->ns->block_size : 512;

	be->info = (struct ipc_claimed){ .kind = BACKEND_RAM, .size = be->ns->ram,
	    .block_size = lba, .phys_block_size = 4096, .can_discard = 1, .discard_gran = 4096 };
}

static void
start_ram(struct backend *be)
{
	struct held *h = held_find(&be->broker->held, HOLD_RAM, be->key);
	int fd = -1;

	if (h == NULL && (fd = make_ram(be->ns->ram)) == -1) {
		log_err("namespace %u of %s: no memory for a RAM disk of %llu bytes; lower its "
		    "size, or add memory and reload", be->ns->nsid, be->subsystem->nqn,
		    (unsigned long long)be->ns->ram);
		return;
	} else if (h == NULL) {
		if ((h = held_put(&be->broker->held, HOLD_RAM, be->key, fd)) == NULL)
			return;
		warden_hold(be->broker, h);
	}
	h->wanted = true;
	be->held = h;
	describe_ram(be);
	if (!be->damaged)
		online(be);
}

/* ---- all of them ---- */

static void
name(struct backend *be)
{
	const struct config_namespace *ns = be->ns;

	if (ns->path != NULL)
		held_key(be->key, HOLD_CLAIM, ns->path, ns->read_only, ns->block_size);
	else
		held_key(be->key, HOLD_RAM, be->subsystem->nqn, ns->nsid, ns->ram);
}

static size_t
count(const struct config *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nsubsystems; i++)
		n += c->subsystems[i].nnamespaces;
	return (n);
}

static void
add(struct broker *b, const struct config_subsystem *s, const struct config_namespace *ns)
{
	struct backend *be = &b->backends[b->nbackends];

	*be = (struct backend){ .broker = b, .subsystem = s, .ns = ns,
	    .path_index = NO_PATH };
	be->retry = timer_new(retry_due, be);
	name(be);
	if (ns->path != NULL) {
		be->path_index = b->npaths++;
		warden_path(b, be->path_index, ns->path);
	}
	b->nbackends++;
}

void
backends_init(struct broker *b)
{
	const struct config *c = b->config;

	b->backends = calloc(count(c) + 1, sizeof(*b->backends));
	if (b->backends == NULL)
		broker_fatal("out of memory");
	for (size_t i = 0; i < c->nsubsystems; i++)
		for (size_t j = 0; j < c->subsystems[i].nnamespaces; j++)
			add(b, &c->subsystems[i], &c->subsystems[i].namespaces[j]);
}

void
backends_start(struct broker *b)
{
	for (size_t i = 0; i < b->nbackends; i++) {
		struct backend *be = &b->backends[i];

		if (be->path_index == NO_PATH)
			start_ram(be);
		else {
			prefer_old_claim(be);
			if (!adopt(be))
				try_claim(be);
		}
	}
}

bool
backends_pending(const struct broker *b)
{
	for (size_t i = 0; i < b->nbackends; i++)
		if (b->backends[i].claiming != NULL)
			return (true);
	return (false);
}

struct backend *
backend_find(struct broker *b, const struct config_subsystem *s, uint32_t nsid)
{
	for (size_t i = 0; i < b->nbackends; i++)
		if (b->backends[i].subsystem == s && b->backends[i].ns->nsid == nsid)
			return (&b->backends[i]);
	return (NULL);
}

struct backend *
backend_by_key(struct broker *b, const uint8_t key[HELD_KEY_SIZE])
{
	for (size_t i = 0; i < b->nbackends; i++)
		if (memcmp(b->backends[i].key, key, HELD_KEY_SIZE) == 0)
			return (&b->backends[i]);
	return (NULL);
}

/* ---- what nobody needs any more ---- */

static bool
is_named(struct broker *b, const uint8_t key[HELD_KEY_SIZE])
{
	struct session *s;

	RB_FOREACH(s, session_tree, &b->sessions)
		if (s->record != NULL && record_names(s->record, key))
			return (true);
	return (false);
}

void
held_sweep(struct broker *b)
{
	struct held *h, *next;

	for (h = TAILQ_FIRST(&b->held); h != NULL; h = next) {
		next = TAILQ_NEXT(h, entry);
		/* the service manager gave them once and for all */
		if (h->wanted || h->kind == HOLD_SYSTEMD || is_named(b, h->key))
			continue;
		warden_drop(b, h);
		held_forget(&b->held, h);
	}
}
