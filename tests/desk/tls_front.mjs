// Temporal behind TLS, as an installation has it: asks for a client's certificate or for an API key, and passes on what is let in.
import fs from "node:fs";
import http2 from "node:http2";

const { upstream, key, cert, clients, apiKey } = JSON.parse(process.argv[2]);
const behind = http2.connect(`http://${upstream}`);
const front = http2.createSecureServer({
  key: fs.readFileSync(key),
  cert: fs.readFileSync(cert),
  ...(clients && { ca: fs.readFileSync(clients), requestCert: true, rejectUnauthorized: true }),
});
front.on("stream", (stream, headers) => {
  if (apiKey && headers.authorization !== `Bearer ${apiKey}`) {
    const refusal = { "content-type": "application/grpc", "grpc-status": "7", "grpc-message": "Request unauthorized." };
    stream.respond({ ":status": 200, ...refusal }, { endStream: true });
    return;
  }
  const { ":scheme": _, ":authority": __, authorization, ...rest } = headers;
  const asked = behind.request(rest, { endStream: false });
  let trailers = {};
  asked.on("response", (answer, flags) =>
    stream.respond(answer, flags & http2.constants.NGHTTP2_FLAG_END_STREAM ? { endStream: true } : { waitForTrailers: true }),
  );
  asked.on("trailers", (given) => (trailers = given));
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  for (const each of [asked, stream]) each.on("error", () => {});
  stream.pipe(asked).pipe(stream);
});
front.on("sessionError", () => {});
front.on("tlsClientError", () => {});
front.listen(0, "127.0.0.1", () => console.log(front.address().port));
