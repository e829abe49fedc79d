# The program: one bundle, run by nixpkgs' own Node 24. Written to nixpkgs' documentation of importNpmLock; not built by the
# project's own tests, which have no nixpkgs.
{
  lib,
  stdenv,
  nodejs_24,
  importNpmLock,
  makeWrapper,
  util-linux,
  sqlite,
}:
stdenv.mkDerivation {
  pname = "holdfast";
  version = (builtins.fromJSON (builtins.readFile ../package.json)).version;
  src = lib.cleanSource ../.;

  npmDeps = importNpmLock { npmRoot = ../.; };
  nativeBuildInputs = [
    importNpmLock.npmConfigHook
    nodejs_24
    makeWrapper
  ];

  buildPhase = ''
    runHook preBuild
    node scripts/build.ts
    runHook postBuild
  '';

  installPhase = ''
    runHook preInstall
    install -Dm644 -t "$out/lib/holdfast" dist/holdfast.cjs dist/start.cjs
    makeWrapper ${nodejs_24}/bin/node "$out/bin/holdfast" \
      --add-flags "--disable-warning=ExperimentalWarning --disable-sigusr1 --max-semi-space-size=1 $out/lib/holdfast/start.cjs" \
      --set HOLDFAST_BUNDLE "$out/lib/holdfast/holdfast.cjs" \
      --set MALLOC_ARENA_MAX 1 \
      --suffix PATH : ${lib.makeBinPath [ util-linux sqlite ]}
    runHook postInstall
  '';

  meta = {
    description = "Declarative backup and restore for Linux services";
    license = lib.licenses.mit;
    mainProgram = "holdfast";
    platforms = lib.platforms.linux;
  };
}
