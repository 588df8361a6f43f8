dist_noinst_SCRIPTS += %D%/quickstart %D%/run-tests
EXTRA_DIST += %D%/packages.sh
