# The real agentd with a stand-in gateway that speaks protocol 4 and boots at once: for load and for kills.
FROM automna/agentd:test
COPY packages/testkit/src/stand-in-gateway.ts packages/testkit/src/stand-in-gateway-files.ts /opt/gateway/
RUN ln -s /app/node_modules /opt/gateway/node_modules
ENV AGENTD_GATEWAY_COMMAND_JSON='["node","/opt/gateway/stand-in-gateway.ts"]'
