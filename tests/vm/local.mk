# The real Linux host: its image, its runner, and the stories told in it (run as root).
dist_noinst_SCRIPTS += %D%/build %D%/netns %D%/run
EXTRA_DIST += %D%/suites %D%/guest/first-stage %D%/guest/init
EXTRA_DIST += %D%/guest/admin.sh %D%/guest/broker.sh %D%/guest/files.sh %D%/guest/lib.sh \
	%D%/guest/reset.sh %D%/guest/restart.sh %D%/guest/standin.sh %D%/guest/stories.sh \
	%D%/guest/verify.sh %D%/guest/worker.sh
