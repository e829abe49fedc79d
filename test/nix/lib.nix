# A stand-in for nixpkgs' lib, with the functions that the project's modules use: enough to evaluate them without
# nixpkgs. It does not check types; the real one is used if HOLDFAST_NIXPKGS_LIB names it.
let
  lib = {
    inherit (builtins) attrNames attrValues concatMap elem filter genList head isAttrs isList length listToAttrs map mapAttrs;
    concatStringsSep = builtins.concatStringsSep;
    nameValuePair = name: value: { inherit name value; };
    mapAttrs' = work: set: builtins.listToAttrs (map (name: work name set.${name}) (builtins.attrNames set));
    mapAttrsToList = work: set: map (name: work name set.${name}) (builtins.attrNames set);
    filterAttrs = keep: set: builtins.listToAttrs (builtins.concatMap (name: if keep name set.${name} then [ { inherit name; value = set.${name}; } ] else [ ]) (builtins.attrNames set));
    genAttrs = names: work: builtins.listToAttrs (map (name: { inherit name; value = work name; }) names);
    optionalAttrs = yes: set: if yes then set else { };
    optional = yes: value: if yes then [ value ] else [ ];
    unique = builtins.foldl' (known: it: if builtins.elem it known then known else known ++ [ it ]) [ ];
    flatten = value: if builtins.isList value then builtins.concatMap lib.flatten value else [ value ];
    escapeShellArg = value: "'" + builtins.replaceStrings [ "'" ] [ "'\\''" ] (toString value) + "'";
    makeBinPath = paths: builtins.concatStringsSep ":" (map (path: "${toString path}/bin") paths);

    mkOption = option: { _type = "option"; } // option;
    mkEnableOption = what: lib.mkOption { default = false; };
    mkIf = condition: content: { _type = "if"; inherit condition content; };
    mkMerge = contents: { _type = "merge"; inherit contents; };
    mkDefault = content: { _type = "override"; priority = 1000; inherit content; };
    mkForce = content: { _type = "override"; priority = 50; inherit content; };
    literalExpression = text: text;

    types = rec {
      one = { merge = values: builtins.head values; };
      str = one;
      int = one;
      bool = one;
      package = one;
      lines = { merge = builtins.concatStringsSep "\n"; };
      enum = _: one;
      strMatching = _: one;
      anything = { merge = values: if builtins.all (it: builtins.isAttrs it && !(it ? type && it.type == "derivation")) values then builtins.mapAttrs (_: found: anything.merge (settle found)) (gather values) else builtins.head values; };
      nullOr = type: type // { merge = values: let some = builtins.filter (it: it != null) values; in if some == [ ] then null else type.merge some; };
      either = a: b: { merge = values: if builtins.isList (builtins.head values) then builtins.concatLists values else builtins.head values; };
      listOf = type: { merge = builtins.concatLists; };
      attrsOf = type: { merge = values: builtins.mapAttrs (name: found: if type ? submodule then type.named name found else type.merge (settle found)) (gather values); };
      submodule = module: {
        submodule = true;
        named = name: values: (lib.evalModules { modules = [ module ] ++ map (config: { inherit config; }) values; specialArgs = { inherit name; }; }).config;
        merge = values: (submodule module).named "" values;
      };
    };

    recursiveUpdate = a: b: a // builtins.mapAttrs (name: value: if builtins.isAttrs value && builtins.isAttrs (a.${name} or null) then lib.recursiveUpdate a.${name} value else value) b;

    evalModules =
      { modules, specialArgs ? { } }:
      let
        args = { inherit lib config options; } // specialArgs;
        load = module: let it = if builtins.isPath module || builtins.isString module then import module else module; in if builtins.isFunction it then it args else it;
        keyed = modules: builtins.concatMap (module: let it = load module; in keyed (it.imports or [ ]) ++ [ { key = if builtins.isPath module then toString module else null; inherit it; } ]) modules;
        distinct = builtins.foldl' (known: one: if one.key != null && builtins.any (other: other.key == one.key) known then known else known ++ [ one ]) [ ];
        all = map (one: one.it) (distinct (keyed modules));
        options = builtins.foldl' lib.recursiveUpdate { } (map (it: it.options or { }) all);
        configs = map (it: it.config or (builtins.removeAttrs it [ "imports" "options" ])) all;
        config = resolve options configs;
        resolve = opts: defs:
          let
            found = gather (builtins.concatMap pushDown defs);
            names = lib.unique (builtins.attrNames opts ++ builtins.attrNames found);
          in
          builtins.listToAttrs (map (name: {
            inherit name;
            value =
              let option = opts.${name} or null; values = found.${name} or [ ];
              in
              if option == null then free values
              else if option._type or null == "option" then
                let real = settle (values ++ (if option ? default then [ { _type = "override"; priority = 1500; content = option.default; } ] else [ ]));
                in if real == [ ] then throw "the option ${name} is used and has no value" else (option.type or lib.types.anything).merge real
              else resolve option values;
          }) names);
        # Values without a declared option, which includes most of NixOS here: merged as they are.
        free = values: let real = settle values; in
          if real == [ ] then { } else if builtins.all (it: builtins.isAttrs it && !(it ? _type)) real then builtins.mapAttrs (_: free) (gather real)
          else if builtins.all builtins.isList real then builtins.concatLists real else builtins.head real;
      in
      { inherit config options; };
  };

  # mkMerge and mkIf, on values.
  push = def: let it = if builtins.isAttrs def then def._type or null else null; in
    if it == "merge" then builtins.concatMap push def.contents
    else if it == "if" then (if def.condition then push def.content else [ ])
    else [ def ];
  # On sets, a condition is pushed down to each value, since it may depend on the others.
  pushDown = def: let it = def._type or null; in
    if it == "merge" then builtins.concatMap pushDown def.contents
    else if it == "if" then map (set: builtins.mapAttrs (_: content: { _type = "if"; inherit (def) condition; inherit content; }) set) (pushDown def.content)
    else [ def ];
  # Those with the highest priority, unwrapped.
  settle = values:
    let
      flat = builtins.concatMap push values;
      priority = value: if builtins.isAttrs value && value._type or null == "override" then value.priority else 100;
      best = builtins.foldl' (low: value: if priority value < low then priority value else low) 9999 flat;
    in map (value: if builtins.isAttrs value && value._type or null == "override" then value.content else value) (builtins.filter (value: priority value == best) flat);
  # By key, all of its definitions.
  gather = sets: builtins.foldl' (known: set: builtins.mapAttrs (name: _: (known.${name} or [ ]) ++ (if set ? ${name} then [ set.${name} ] else [ ])) (known // set)) { } (map (set: set) sets);
in
lib
