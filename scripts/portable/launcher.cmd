@echo off
rem Starts palette (@TARGET@) with the Deno that lies beside it.
setlocal EnableExtensions DisableDelayedExpansion

if not exist "%~dp0lib\deno.exe" goto missing
if not exist "%~dp0lib\palette.js" goto missing

rem Deno keeps compiled code, which makes every start faster: with the program when that can be
rem written, else in a workspace that is there already.
set "DENO_DIR=%~dp0lib\cache"
if not exist "%DENO_DIR%\" md "%DENO_DIR%" >nul 2>&1
copy /y nul "%DENO_DIR%\.writable" >nul 2>&1 && goto start
if defined PALETTE_WORKSPACE if exist "%PALETTE_WORKSPACE%\" set "DENO_DIR=%PALETTE_WORKSPACE%\cache\deno"
if not defined PALETTE_WORKSPACE if exist "%USERPROFILE%\.palette\" set "DENO_DIR=%USERPROFILE%\.palette\cache\deno"

:start
rem What is meant for other programs on Deno and Node.js.
set "DENO_AUDIT_PERMISSIONS="
set "DENO_AUTH_TOKENS="
set "DENO_CACHE_LSC_ENDPOINT="
set "DENO_CONNECTED="
set "DENO_COVERAGE_DIR="
set "DENO_INTERNAL_CHILD_ENTRYPOINT="
set "DENO_LOG="
set "DENO_NODE_TRACE_EVENT_CATEGORIES="
set "DENO_PERMISSION_BROKER_PATH="
set "DENO_TRACE_PERMISSIONS="
set "DENO_V8_FLAGS="
set "NODE_CHANNEL_FD="
set "NODE_DEBUG="
set "NODE_OPTIONS="
set "NODE_UNIQUE_ID="
set "OTEL_DENO="
set "DENO_NO_PACKAGE_JSON=1"
set "DENO_NO_UPDATE_CHECK=1"
set "NPM_CONFIG_REGISTRY=https://registry.npmjs.org"
"%~dp0lib\deno.exe" run --quiet --no-config --no-lock --no-remote --no-npm --no-prompt @PERMISSIONS@ "%~dp0lib\palette.js" %*
exit /b %ERRORLEVEL%

:missing
>&2 echo Error: lib\deno.exe and lib\palette.js are missing beside "%~f0"
>&2 echo Hint: Unpack the whole archive, and keep its files together
exit /b 1
