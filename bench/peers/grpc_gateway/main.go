// grpc-gateway v2 in front of the benchmark's service, with its defaults: the REST peer of `make bench`.
//
//	grpcgateway LISTEN_ADDRESS UPSTREAM_ADDRESS
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	membership "lanting.test/bench/grpcgateway/gen/lanting/membership/v1"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: grpcgateway LISTEN_ADDRESS UPSTREAM_ADDRESS")
	}
	mux := runtime.NewServeMux()
	dial := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if err := membership.RegisterMemberServiceHandlerFromEndpoint(context.Background(), mux, os.Args[2], dial); err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(os.Args[1], mux))
}
