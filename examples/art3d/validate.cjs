// Checks a glTF file with the Khronos validator: `node validate.cjs HEAD.glb`. Exit code 0: no error and no warning.
const fs = require("fs");
const validator = require("gltf-validator");

validator.validateBytes(new Uint8Array(fs.readFileSync(process.argv[2]))).then((report) => {
  const { numErrors, numWarnings, numInfos, numHints, messages } = report.issues;
  messages.forEach(({ code, message, pointer }) => console.log(`${code}: ${message} ${pointer ?? ""}`));
  console.log(
    `gltf-validator ${report.validatorVersion}: ${numErrors} errors, ${numWarnings} warnings, ` +
      `${numInfos} infos, ${numHints} hints; ${report.info.totalTriangleCount} triangles, ` +
      `${report.info.totalVertexCount} vertices, morph targets: ${report.info.hasMorphTargets}`,
  );
  process.exitCode = numErrors + numWarnings > 0 ? 1 : 0;
});
