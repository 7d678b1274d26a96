<#
.SYNOPSIS
Installs palette for one user from a release: a folder, or an https address that holds its files.

.DESCRIPTION
Checks the checksum, the signature if a key is given, every member of the archive and the program
itself before anything is put in place. Needs no administrator. Windows PowerShell 5.1 or later.
There is no public place of releases yet, so -From is required.

.PARAMETER From
Folder or https address with SHA256SUMS and the archives. Redirects are refused.

.PARAMETER Version
Which one, when there are several.

.PARAMETER Prefix
Where to install; %LOCALAPPDATA%\Programs\palette by default.

.PARAMETER PublicKey
Checks the signature of SHA256SUMS with this key (PEM); needs openssl on PATH.

.PARAMETER AllowHttp
Takes plain http from other hosts than this one, too.

.PARAMETER NoPath
Leaves the PATH of the user alone.

.PARAMETER Uninstall
Removes what this script installed, and nothing else. The folder .palette stays.

.EXAMPLE
powershell -ExecutionPolicy Bypass -File install.ps1 -From D:\release -PublicKey palette.pem
#>
param(
  [string]$From,
  [string]$Version,
  [string]$Prefix = (Join-Path $env:LOCALAPPDATA 'Programs\palette'),
  [string]$PublicKey,
  [switch]$AllowHttp,
  [switch]$NoPath,
  [switch]$Uninstall
)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
# Drawing progress slows downloads of PowerShell 5 down many times.
$ProgressPreference = 'SilentlyContinue'

$Target = 'windows-x64'

function Stop-Install([string]$Message, [string]$Hint) {
  $text = "Error: $Message"
  if ($Hint) { $text += "`nHint: $Hint" }
  throw $text
}

function Test-Source([string]$Source) {
  if ($Source -match '^https://[^\s?#\\]+$') { return 'https' }
  if ($Source -match '^http://[^\s?#\\]+$') {
    $isLocal = $Source -match '^http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/|$)'
    if ($isLocal -or $AllowHttp) { return 'http' }
    Stop-Install "cannot install from `"$Source`": plain http" 'Use https, or take plain http knowingly with -AllowHttp'
  }
  if ($Source -match '^[A-Za-z][A-Za-z0-9+.-]+://') {
    Stop-Install "cannot install from `"$Source`": neither a folder nor an https address"
  }
  if (-not (Test-Path -LiteralPath $Source -PathType Container)) {
    Stop-Install "cannot install from `"$Source`": no such folder"
  }
  return 'folder'
}

# Brings a file of the release into the stage.
function Get-ReleaseFile([string]$Name) {
  $to = Join-Path $Stage $Name
  try {
    if ($Kind -eq 'folder') {
      Copy-Item -LiteralPath (Join-Path $From $Name) -Destination $to
    } else {
      $address = $From.TrimEnd('/') + '/' + $Name
      Invoke-WebRequest -Uri $address -OutFile $to -UseBasicParsing -MaximumRedirection 0
    }
  } catch {
    Stop-Install "cannot get `"$Name`" from `"$From`": $($_.Exception.Message)" 'Is the release all there, and is there space?'
  }
  return $to
}

function Test-Signature([string]$Sums) {
  if (-not $PublicKey) {
    Write-Host 'Note: the signature is not checked (-PublicKey)'
    return
  }
  if (-not (Get-Command openssl -CommandType Application -ErrorAction SilentlyContinue)) {
    Stop-Install 'cannot check the signature: openssl is not on PATH' 'Install openssl; without -PublicKey the signature is not checked'
  }
  $signature = Get-ReleaseFile 'SHA256SUMS.sig'
  # What a program says on its standard error ends a script of PowerShell 5 where errors do.
  $ErrorActionPreference = 'Continue'
  $arguments = @('dgst', '-sha256', '-verify', $PublicKey, '-signature', $signature, $Sums)
  & openssl @arguments 2>&1 | Out-Null
  $isGood = $LASTEXITCODE -eq 0
  $ErrorActionPreference = 'Stop'
  if (-not $isGood) {
    Stop-Install "the signature of SHA256SUMS is not one of `"$PublicKey`"" 'Get the release again, and the key from where you trust it'
  }
}

# Version and checksum of the archive.
function Find-Archive([string]$Sums) {
  $found = @()
  foreach ($line in [IO.File]::ReadAllLines($Sums)) {
    if ($line -notmatch "^([0-9a-f]{64}) [ *]palette-([0-9][0-9A-Za-z.+-]*)-$Target\.zip$") { continue }
    if ($Version -and $Matches[2] -ne $Version.TrimStart('v')) { continue }
    $found += @{ Sum = $Matches[1]; Version = $Matches[2] }
  }
  if ($found.Count -eq 0) { Stop-Install "`"$From`" has no palette $Version for $Target" }
  if ($found.Count -gt 1) {
    $names = ($found | ForEach-Object { $_.Version }) -join ' '
    Stop-Install "`"$From`" has several versions: $names" 'Choose one with -Version'
  }
  return $found[0]
}

# Nothing of an archive may lie outside of its one folder.
function Test-Members([string]$Archive, [string]$Top) {
  Add-Type -AssemblyName System.IO.Compression.FileSystem
  $zip = [IO.Compression.ZipFile]::OpenRead($Archive)
  try {
    foreach ($entry in $zip.Entries) {
      $name = $entry.FullName
      $isGood = $name.StartsWith("$Top/", [StringComparison]::Ordinal) -and
        $name -notmatch '[^A-Za-z0-9._/+-]' -and ($name.Split('/') -notcontains '..')
      if (-not $isGood) {
        Stop-Install "the archive has a member that it must not have: `"$name`"" 'Do not use this release'
      }
    }
  } finally {
    $zip.Dispose()
  }
}

function Test-Program([string]$Folder, [string]$Wanted) {
  foreach ($name in 'palette.cmd', 'lib\deno.exe', 'lib\palette.js') {
    if (-not (Test-Path -LiteralPath (Join-Path $Folder $name) -PathType Leaf)) {
      Stop-Install "the archive has no `"$name`"" 'Get another release'
    }
  }
  $format = $env:PALETTE_FORMAT
  $env:PALETTE_FORMAT = $null
  $ErrorActionPreference = 'Continue'
  $said = (& (Join-Path $Folder 'palette.cmd') version 2>&1 | Out-String).Trim()
  $ErrorActionPreference = 'Stop'
  $env:PALETTE_FORMAT = $format
  if ($said.Split(' ')[-1] -ne $Wanted) { Stop-Install "palette $Wanted does not run here: $said" }
}

function Write-Whole([string]$Path, [string[]]$Lines) {
  $new = "$Path.new"
  [IO.File]::WriteAllLines($new, $Lines)
  if (Test-Path -LiteralPath $Path) {
    [IO.File]::Replace($new, $Path, [NullString]::Value)
  } else {
    [IO.File]::Move($new, $Path)
  }
}

# Removes what a list names; gives what could not be removed, such as a program that runs.
function Remove-Listed([string[]]$Lines) {
  $kept = @()
  foreach ($line in $Lines) {
    # Only what this script makes, whatever somebody wrote into the list.
    if ($line -notmatch '^(bin\\palette\.cmd|lib\\[0-9][A-Za-z0-9.+-]*-[0-9a-f]{12})$') { continue }
    $path = Join-Path $Prefix $line
    try {
      if (Test-Path -LiteralPath $path) { Remove-Item -LiteralPath $path -Recurse -Force }
    } catch {
      $kept += $line
      continue
    }
    $folder = Split-Path $path
    while ($folder.Length -gt $Prefix.Length -and (Test-Path -LiteralPath $folder) -and
      -not (Get-ChildItem -LiteralPath $folder -Force | Select-Object -First 1)) {
      Remove-Item -LiteralPath $folder -Force
      $folder = Split-Path $folder
    }
  }
  return , $kept
}

# The variable is read as it stands: others that it names must not be put in for good.
function Set-UserPath([bool]$IsWanted) {
  $key = Get-Item -LiteralPath 'HKCU:\Environment'
  $old = [string]$key.GetValue('Path', '', 'DoNotExpandEnvironmentNames')
  $parts = @($old.Split(';') | Where-Object { $_ -and $_ -ne $Bin })
  if ($IsWanted) { $parts += $Bin }
  $new = $parts -join ';'
  if ($new -eq $old) { return }
  Set-ItemProperty -LiteralPath 'HKCU:\Environment' -Name Path -Value $new -Type ExpandString
  # Tells running programs that the environment has changed.
  [Environment]::SetEnvironmentVariable('PALETTE_INSTALLER', $null, 'User')
}

function Install-Palette {
  if (-not $From) { Stop-Install '-From is missing' 'Give the folder or the https address that holds SHA256SUMS' }
  $machine = if ($env:PROCESSOR_ARCHITEW6432) { $env:PROCESSOR_ARCHITEW6432 } else { $env:PROCESSOR_ARCHITECTURE }
  # Windows on ARM runs programs for x64.
  if (@('AMD64', 'ARM64') -notcontains $machine) { Stop-Install "there is no palette for Windows on $machine" }
  $Kind = Test-Source $From
  if ($Kind -ne 'folder') {
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
  }
  $wrapper = Join-Path $Bin 'palette.cmd'
  if ((Test-Path -LiteralPath $wrapper) -and -not (Test-Path -LiteralPath $Manifest)) {
    Stop-Install "`"$wrapper`" is there and was not installed by this script" 'Choose another folder with -Prefix'
  }
  $Stage = Join-Path $Lib ".stage-$PID"
  try {
    New-Item -ItemType Directory -Force -Path $Stage, $Bin | Out-Null
    $sums = Get-ReleaseFile 'SHA256SUMS'
    Test-Signature $sums
    $release = Find-Archive $sums
    $top = "palette-$($release.Version)-$Target"
    $archive = Get-ReleaseFile "$top.zip"
    $actual = (Get-FileHash -LiteralPath $archive -Algorithm SHA256).Hash.ToLowerInvariant()
    if ($actual -ne $release.Sum) {
      Stop-Install "`"$top.zip`" is damaged: its SHA-256 is $actual, not $($release.Sum)" 'Get the release again'
    }
    Test-Members $archive $top
    Expand-Archive -LiteralPath $archive -DestinationPath $Stage
    Test-Program (Join-Path $Stage $top) $release.Version

    # Two builds of one version do not share a folder, so one is never replaced while it is in use.
    $id = "$($release.Version)-$($release.Sum.Substring(0, 12))"
    $unpacked = Join-Path $Stage $top
    # The folder as a whole: the program keeps compiled code in it.
    $new = @('bin\palette.cmd', "lib\$id")
    $old = if (Test-Path -LiteralPath $Manifest) { [IO.File]::ReadAllLines($Manifest) } else { @() }
    # First the list of both, so that a run that is stopped can be uninstalled; last what shows it all.
    Write-Whole $Manifest (@($new) + @($old) | Select-Object -Unique)
    if (Test-Path -LiteralPath (Join-Path $Lib $id)) {
      Move-Item -LiteralPath (Join-Path $Lib $id) -Destination (Join-Path $Stage 'replaced')
    }
    Move-Item -LiteralPath $unpacked -Destination (Join-Path $Lib $id)
    Write-Whole $wrapper @("@`"%~dp0..\lib\$id\palette.cmd`" %*")
    $kept = Remove-Listed @($old | Where-Object { $new -notcontains $_ })
    Write-Whole $Manifest (@($new) + @($kept))
  } finally {
    Remove-Item -LiteralPath $Stage -Recurse -Force -ErrorAction SilentlyContinue
    foreach ($folder in $Bin, $Lib, $Prefix) {
      if ((Test-Path -LiteralPath $folder) -and -not (Get-ChildItem -LiteralPath $folder -Force | Select-Object -First 1)) {
        Remove-Item -LiteralPath $folder -Force
      }
    }
  }
  if (-not $NoPath) { Set-UserPath $true }
  Write-Host "Installed palette $($release.Version) ($Target): $wrapper"
  if (-not $NoPath) { Write-Host 'Hint: open a new window for the new PATH' }
}

function Uninstall-Palette {
  if (-not (Test-Path -LiteralPath $Manifest)) {
    Stop-Install "this script has installed no palette below `"$Prefix`"" 'Name its folder with -Prefix'
  }
  $kept = Remove-Listed ([IO.File]::ReadAllLines($Manifest))
  if ($kept.Count -gt 0) {
    Stop-Install "cannot remove `"$($kept[0])`"" 'Is palette running? Stop it and run this again'
  }
  Remove-Item -LiteralPath $Manifest -Force
  foreach ($folder in $Lib, $Prefix) {
    if ((Test-Path -LiteralPath $folder) -and -not (Get-ChildItem -LiteralPath $folder -Force | Select-Object -First 1)) {
      Remove-Item -LiteralPath $folder -Force
    }
  }
  Set-UserPath $false
  Write-Host "Removed palette from $Prefix"
  Write-Host 'Note: configuration and logs stay in .palette of your home folder'
}

try {
  $Prefix = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Prefix).TrimEnd('\')
  $Bin = Join-Path $Prefix 'bin'
  $Lib = Join-Path $Prefix 'lib'
  $Manifest = Join-Path $Lib 'manifest.txt'
  if ($Uninstall) { Uninstall-Palette } else { Install-Palette }
} catch {
  $message = $_.Exception.Message
  if ($message -notlike 'Error: *') { $message = "Error: $message" }
  [Console]::Error.WriteLine($message)
  exit 1
}
